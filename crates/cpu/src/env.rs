//! What the core runs in: a bus and an observer, joined so that handlers carry one type parameter.

use crate::observe::Observer;
use msmemu_fabric::Bus;

/// Bus and observer of one run.
pub trait Env {
    /// Type of the bus.
    type Bus: Bus;
    /// Type of the observer.
    type Obs: Observer;
    /// The bus.
    fn bus(&mut self) -> &mut Self::Bus;
    /// The observer.
    fn obs(&mut self) -> &mut Self::Obs;
}

/// The usual [`Env`]: two borrowed parts.
#[derive(Debug)]
pub struct Ctx<'a, B, O> {
    /// Bus.
    pub bus: &'a mut B,
    /// Observer.
    pub obs: &'a mut O,
}

impl<B: Bus, O: Observer> Env for Ctx<'_, B, O> {
    type Bus = B;
    type Obs = O;
    #[inline(always)]
    fn bus(&mut self) -> &mut B {
        self.bus
    }
    #[inline(always)]
    fn obs(&mut self) -> &mut O {
        self.obs
    }
}
