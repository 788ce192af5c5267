use super::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

fn survey(platform: Platform) {
    let env = |n: &str, d: u32| std::env::var(n).ok().and_then(|n| n.parse().ok()).unwrap_or(d);
    let (n, start, max) = (env("SURVEY", 50), env("SURVEY_FROM", 0), env("SURVEY_MAX", 60));
    let strategy = (wrong(), steps());
    let mut failed = 0;
    for seed in start..start + n {
        let mut bytes = [9u8; 32];
        bytes[..4].copy_from_slice(&seed.to_le_bytes());
        let mut runner = TestRunner::new_with_rng(
            ProptestConfig { failure_persistence: None, ..ProptestConfig::default() },
            TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
        );
        let (wrong, steps) = strategy.new_tree(&mut runner).unwrap().current();
        let t = std::time::Instant::now();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let steps_ = steps.clone();
        let _ = &steps_;
        let r = runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(max.into()), live(platform, &wrong, &steps))
                .await
                .unwrap_or_else(|_| Err("TOO LONG".into()))
        });
        let took = t.elapsed();
        if let Err(error) = r {
            failed += 1;
            println!("SEED {seed} {platform:?}: {error} [{took:?}]");
            if std::env::var_os("SURVEY_SHOW").is_some() {
                println!("CASE {wrong:#?}");
                for s in &steps {
                    println!("STEP {s:?}");
                }
            }
        } else if took > Duration::from_secs(8) {
            println!("SLOW {seed} {took:?}");
        }
        runtime.shutdown_background();
    }
    println!("== {platform:?}: {failed} of {n} failed");
}

#[test]
fn survey_verdict_bigcommerce() {
    survey(Platform::BigCommerce);
}
#[test]
fn survey_verdict_shopline() {
    survey(Platform::Shopline);
}
