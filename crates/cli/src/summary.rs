//! The summary at the end of a run, for people.

use std::fmt::Write as _;
use std::time::Duration;

use msmemu_session::limit::Point;
use msmemu_session::machine::Stop;
use msmemu_session::machine::fabric::Time;
use msmemu_session::run::Report;

/// Why a run ended, as the end of a sentence.
pub(crate) fn why(stop: &Stop) -> String {
    match stop {
        Stop::PoweredOff => "the guest powered off".into(),
        Stop::Panicked { .. } => "the guest's kernel panicked".into(),
        Stop::WatchdogBite => "the watchdog bit: the guest stopped serving it".into(),
        Stop::Exited { status } => format!("the guest exited with status {status}"),
        Stop::Idle => "the guest hangs: it sleeps, and nothing that could wake it is pending".into(),
        Stop::Spinning { pc } => format!("the guest hangs: it spins at {pc:#010x} and takes no interrupt"),
        Stop::ExceptionLoop { vector } => {
            format!("the guest died: it enters the exception vector at {vector:#010x} for ever")
        }
        Stop::Gap { address, write, text, pc } => {
            let what = if *write { "write" } else { "read" };
            format!("stopped at a gap of the model: {what} at {address:#010x} by {pc:#010x}: {text}")
        }
        Stop::TimeLimit => "the time limit was reached".into(),
        Stop::InstructionLimit => "the instruction limit was reached".into(),
        Stop::Breakpoint | Stop::Watchpoint { .. } | Stop::Slice => "stopped by the debugger".into(),
    }
}

/// A point of the run, or its end.
pub(crate) fn when(point: Option<Point>) -> String {
    point.map_or_else(|| "the end".into(), |p| p.to_string())
}

/// The summary. `elapsed` is host time.
pub(crate) fn text(report: &Report, elapsed: Duration, colour: bool) -> String {
    let stats = &report.stats;
    let (bold, plain) = if colour { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    let ended = report.stop.as_ref().map_or_else(|| "interrupted".into(), why);
    let mut out = format!("{bold}{}: {ended}{plain}\n", stats.machine);
    let instructions = stats.core.instructions;
    let seconds = elapsed.as_secs_f64();
    let mips = if seconds > 0.0 { instructions as f64 / seconds / 1e6 } else { 0.0 };
    let _ = writeln!(
        out,
        "  time {}, {} instructions in {} cycles ({} asleep); {:.2} s of host time, {mips:.0} MIPS",
        Point::Time(Time(stats.time_ps)),
        grouped(instructions),
        grouped(stats.core.cycles),
        grouped(stats.core.idle_cycles),
        seconds,
    );
    let _ = writeln!(
        out,
        "  exceptions: {} interrupts, {} supervisor calls, {} data aborts, {} prefetch aborts, {} undefined",
        stats.core.interrupts,
        stats.core.supervisor_calls,
        stats.core.data_aborts,
        stats.core.prefetch_aborts,
        stats.core.undefined,
    );
    for smmu in &stats.smmus {
        let hits =
            smmu.hit_rate.map_or_else(|| "no look-ups".into(), |rate| format!("{:.1} % hits", rate * 100.0));
        let _ = write!(
            out,
            "  smmu {}: {} requests ({} bypassed), {hits}, {} walks with {} reads",
            smmu.name, smmu.requests, smmu.bypassed, smmu.walks, smmu.descriptor_reads
        );
        if let Some(latency) = smmu.mean_latency_cycles {
            let _ = write!(out, ", latency {latency:.1} cycles (max {})", smmu.max_latency_cycles);
        }
        out.push('\n');
        if !smmu.faults.is_empty() || smmu.stalls > 0 {
            let faults: Vec<String> = smmu.faults.iter().map(|(name, n)| format!("{n} {name}")).collect();
            let _ = writeln!(
                out,
                "    faults: {}; {} stalls, {} cycles held",
                if faults.is_empty() { "none".into() } else { faults.join(", ") },
                smmu.stalls,
                smmu.held_cycles
            );
        }
        if smmu.invalidations > 0 {
            let _ = writeln!(
                out,
                "    invalidations: {} commands removed {} entries",
                smmu.invalidations, smmu.invalidated_entries
            );
        }
    }
    for master in &stats.masters {
        let counters = &master.counters;
        let _ = writeln!(
            out,
            "  dma {}: {} B read, {} B written, {:.1} MB/s, mean latency {} ns",
            master.name,
            grouped(counters.bytes_read),
            grouped(counters.bytes_written),
            master.bandwidth as f64 / 1e6,
            master.mean_latency_ns
        );
    }
    let _ = writeln!(
        out,
        "  {} events, digest {}",
        grouped(report.events),
        &report.digest[..16.min(report.digest.len())]
    );
    out
}

/// `1234567` as `1 234 567`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn digits_stand_in_groups_of_three() {
        let shown: Vec<_> = [0, 12, 123, 1234, 1_234_567].into_iter().map(grouped).collect();
        assert_eq!(shown, ["0", "12", "123", "1 234", "1 234 567"]);
    }
}
