//! `demo`, the first command that anybody tries: it shows every part at any hour, and the commands that it suggests
//! work.

use crate::program::{HANDLE, HASH, Program};

#[test]
fn the_demo_needs_nothing_and_shows_both_platforms_an_incident_and_whom_to_ask() {
    // Other seeds have their incidents at other times.
    for seed in ["1", "7"] {
        let program = Program::new();
        let run = program.run(&["demo", "--seed", seed]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains("nothing is missing"), "{}", run.out);
        let (list, rest) = run.out.split_once("the newest 8 entries of each store").unwrap();
        for store in [format!("bigcommerce:{HASH}"), format!("shopline:{HANDLE}")] {
            assert_eq!(list.matches(&store).count(), 8, "{list}");
        }
        for table in ["by severity", "by category", "by actor"] {
            assert!(rest.contains(table), "{table}");
        }
        let (_, incident) = rest.split_once('✗').unwrap_or_else(|| panic!("no incident is shown: {rest}"));
        assert!(incident.contains(" failed ") && incident.contains("before,"), "{incident}");
        let incident = incident.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(incident.contains("Ask Sofia Lim."), "{incident}");
        let page = std::fs::read_to_string(run.err.trim_end().lines().last().unwrap().trim()).unwrap();
        for expected in ["Test Payment Gateway failed", "Ask Sofia Lim", "Nothing is missing", "New since"] {
            assert!(page.contains(expected), "{expected}");
        }
        // Which change stands first depends on the hour.
        assert!(!page.contains("Ask Shipping Rules"), "an app cannot be asked");
        let (started, next) = run.err.lines().find_map(|line| line.trim().split_once(" search ")).unwrap();
        assert!(std::path::Path::new(started).is_file(), "it can be pasted: {started}");
        let found = program.run(&[&["search"][..], &next.split(' ').collect::<Vec<_>>()].concat());
        assert_eq!(found.code, 0, "{found:?}");
        assert!(found.out.contains("A refund for order"), "{found:?}");
    }
}
