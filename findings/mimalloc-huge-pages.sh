#!/usr/bin/env bash
# mimalloc 0.1.52 (mimalloc 3) as the allocator of a Rust program asks Linux for huge pages.
# Guess: another allocator costs a small program a few MiB, and nothing but `large_os_pages` asks for huge ones.
. "$(dirname "$0")/lib.sh"

grep -q '\[never\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null && { echo "not set up: this kernel gives no huge pages" >&2; exit 2; }

# Sixteen threads, each of which makes and drops pages of a log as text, 128 KiB at a time, and prints the most memory in MiB.
source=$(cat <<'RUST'
ALLOCATOR
fn main() {
    let threads: Vec<_> = (0..16).map(|_| std::thread::spawn(|| {
        for _ in 0..50 {
            let texts: Vec<String> = (0..1000).map(|n| format!("{n:0>128}")).collect();
            assert_eq!(texts.len(), 1000);
        }
    })).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{}", kib / 1024);
}
RUST
)
static='#[global_allocator] static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;'
rust_with mimalloc=0.1.52 <<<"${source/ALLOCATOR/$static}"
huge=$("$program") small=$(MIMALLOC_ALLOW_THP=0 "$program")
echo "most memory: $huge MiB, and $small MiB with MIMALLOC_ALLOW_THP=0" >&2
seen="with huge pages $([ "$huge" -gt $((2 * small)) ] && echo 'more than twice' || echo 'less than twice') the memory"
verdict "mimalloc 0.1.52" "about the same memory with MIMALLOC_ALLOW_THP=0" "with huge pages more than twice the memory" "$seen"
