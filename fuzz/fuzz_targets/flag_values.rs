//! Values of flags: a point of a run is refused, or printed as text that means the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use msmemu_session::limit::Point;

fuzz_target!(|text: &str| {
    match text.parse::<Point>() {
        Err(error) => assert!(error.to_string().contains(text)),
        Ok(point) => assert_eq!(point.to_string().parse(), Ok(point), "{text}"),
    }
});
