//! The reference engine.

use super::{Engine, Limits, between, single};
use crate::env::Env;
use crate::fault::Exit;
use crate::mem;
use crate::state::Core;

/// Decodes each instruction anew and runs it alone. Stores into code that a block engine has decoded stay noted for it.
#[derive(Debug, Clone, Copy, Default)]
pub struct StepEngine;

impl Engine for StepEngine {
    fn run<E: Env>(&mut self, core: &mut Core, env: &mut E, limits: Limits) -> Exit {
        mem::take_code_stores(core, env);
        let mut first = true;
        loop {
            if let Some(exit) = between(core, env, &limits) {
                return exit;
            }
            if !first && core.has_breakpoint(core.pc) {
                return Exit::Breakpoint;
            }
            first = false;
            if let Some(exit) = single(core, env) {
                return exit;
            }
        }
    }

    fn flush(&mut self, core: &mut Core) {
        core.tlb.flush();
    }
}
