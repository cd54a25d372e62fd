//! The functional and the timed driver behind the testkit's `Device`.

use std::collections::BTreeMap;

use msmemu_smmu as smmu;
use msmemu_testkit::case::run::Backend;
use msmemu_testkit::case::{Answer, Config, Device, Hit};
use msmemu_testkit::memory::{BusError, Memory};
use msmemu_testkit::tables::PageSize;
use msmemu_testkit::transaction::{Request, Share, Type};
use smmu::spec::descriptor::PageSize as ModelPageSize;
use smmu::spec::memory_type::{CachePolicy, MemoryAttributes, MemoryKind, Shareability};
use smmu::{
    Access, ConfigFault, DescriptorData, DescriptorPort, DescriptorRead, DescriptorWrite, Event, Found,
    Message, Observer, Ports, Released, Saved, SavedTimed, Smmu, Timed, TlbGeometry,
};

/// The walker's view of the fake memory.
pub(crate) struct Port<'a>(pub(crate) &'a mut Memory);

fn bus_error(error: BusError) -> smmu::BusError {
    match error {
        BusError::Decode => smmu::BusError::Decode,
        BusError::Slave => smmu::BusError::Slave,
    }
}

impl DescriptorPort for Port<'_> {
    fn read(&mut self, read: &DescriptorRead) -> Result<u32, smmu::BusError> {
        self.0.read32(read.address).map_err(bus_error)
    }

    fn write(&mut self, write: &DescriptorWrite) -> Result<(), smmu::BusError> {
        self.0.write32(write.address, write.value).map_err(bus_error)
    }
}

/// Remembers why each transaction failed, which its answer does not say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Causes {
    context: BTreeMap<u64, u32>,
    global: BTreeMap<u64, u32>,
}

impl Causes {
    /// Forgets all causes, for callers that reuse ids.
    pub(crate) fn forget(&mut self) {
        self.context.clear();
        self.global.clear();
    }
}

impl Observer for Causes {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Faulted { request, fault, .. } => {
                self.context.insert(request.id, fault.bits());
            }
            Event::ConfigFaulted { request, fault, .. } => {
                let esr = match fault {
                    ConfigFault::BadRoute => 1,
                    ConfigFault::BypassForbidden => 2,
                };
                self.global.insert(request.id, esr);
            }
            _ => {}
        }
    }
}

/// The model's configuration for a case's.
pub(crate) fn model_config(config: &Config) -> smmu::Config {
    let entries = config.tlb as u16;
    smmu::Config {
        banks: config.banks as u16,
        mids: config.mids as u16,
        micro_entries: config.micro as u8,
        tlb: TlbGeometry { entries, ways: config.ways.min(config.tlb) as u16, ..smmu::Config::default().tlb },
        ..smmu::Config::default()
    }
}

/// The model's request for the testkit's. The master's own attributes are the ones whose syndrome is 0.
pub(crate) fn model_request(id: u64, request: &Request) -> smmu::Request {
    let access = Access {
        write: request.write,
        privileged: request.privileged,
        instruction: request.instruction,
        non_secure: request.non_secure,
    };
    smmu::Request {
        size: request.size,
        len: request.beats.saturating_sub(1),
        attributes: MemoryAttributes::NON_CACHED,
        ..smmu::Request::new(id, u16::from(request.mid), request.va, access)
    }
}

/// The testkit's answer for the model's. `stalled` tells whether a held transaction is the one that faulted.
pub(crate) fn answer(id: u64, answer: &smmu::Answer, causes: &Causes, stalled: bool) -> Answer {
    match answer {
        smmu::Answer::Translated(t) => {
            let hit = match t.found {
                Found::Bypass => return Answer::Bypassed { pa: t.pa },
                Found::MicroTlb => Hit::Micro,
                Found::MainTlb => Hit::Main,
                Found::Walk => Hit::Walk,
            };
            let policy = |policy: CachePolicy| policy.code() as u8;
            Answer::Translated {
                pa: t.pa,
                page: match t.size {
                    ModelPageSize::Small => PageSize::Small,
                    ModelPageSize::Large => PageSize::Large,
                    ModelPageSize::Section => PageSize::Section,
                    ModelPageSize::Supersection => PageSize::Supersection,
                },
                kind: match t.attributes.kind() {
                    MemoryKind::StronglyOrdered => Type::StronglyOrdered,
                    MemoryKind::Device => Type::Device,
                    MemoryKind::Normal { inner, outer } => Type::Normal(policy(inner), policy(outer)),
                },
                share: match t.attributes.shareability() {
                    Shareability::None => Share::None,
                    Shareability::Inner => Share::Inner,
                    Shareability::Outer => Share::Outer,
                },
                ns: t.non_secure,
                hit,
            }
        }
        smmu::Answer::Terminated { error } => match causes.global.get(&id) {
            Some(cause) => Answer::Global { cause: *cause, error: *error },
            None => Answer::Fault { cause: causes.context.get(&id).copied().unwrap_or(0), error: *error },
        },
        smmu::Answer::Held if stalled => {
            Answer::Held { cause: causes.context.get(&id).copied().unwrap_or(0) }
        }
        smmu::Answer::Held => Answer::Waits,
    }
}

fn statistic(stats: &smmu::Stats, name: &str) -> Option<u64> {
    let sum = |get: fn(&smmu::ContextStats) -> u64| Some(stats.contexts.iter().map(get).sum());
    match name {
        "requests" => Some(stats.requests),
        "fills" => Some(stats.fills),
        "evictions" => Some(stats.evictions),
        "invalidations" => Some(stats.invalidations.iter().sum()),
        "invalidated" => Some(stats.invalidated_entries),
        "walks" => sum(|c| c.walks),
        "descriptor-reads" => sum(|c| c.descriptor_reads),
        "buffered-reads" => sum(|c| c.buffered_reads),
        "descriptor-writes" => sum(|c| c.descriptor_writes),
        "main-hits" => sum(|c| c.main_hits),
        "micro-hits" => sum(|c| c.micro_hits),
        "misses" => sum(|c| c.misses),
        "faults" => sum(|c| c.faults.iter().sum()),
        "stalls" => sum(|c| c.stalls),
        "bypassed" => sum(|c| c.bypassed),
        "v2p-ok" => sum(|c| c.v2p_ok),
        "v2p-failed" => sum(|c| c.v2p_failed),
        _ => None,
    }
}

/// The functional driver. With `migrate`, every step ends with a save and a restore into a fresh instance.
struct Functional {
    model: Smmu,
    causes: Causes,
    answers: BTreeMap<u64, Answer>,
    migrate: bool,
}

impl Functional {
    fn build(config: &Config, migrate: bool) -> Box<dyn Device> {
        let model = Smmu::new(&model_config(config)).expect("cases use valid configurations");
        Box::new(Self { model, causes: Causes::default(), answers: BTreeMap::new(), migrate })
    }

    fn settle(&mut self, memory: &mut Memory) {
        let mut ports = Ports::new(Port(memory)).observed_by(&mut self.causes);
        let mut released = Vec::new();
        while let Some(Released { request, answer }) = self.model.next_released(&mut ports) {
            released.push((request.id, answer));
        }
        for (id, reply) in released {
            self.answers.insert(id, answer(id, &reply, &self.causes, false));
        }
        if self.migrate {
            let saved: Saved = self.model.save();
            let mut fresh = Smmu::new(self.model.config()).expect("its own configuration");
            fresh.restore(&saved).expect("its own saved state");
            self.model = fresh;
        }
    }
}

fn stalled(model: &Smmu, id: u64) -> Option<bool> {
    model.held().find(|(_, request, _)| request.id == id).map(|(_, _, stalled)| stalled)
}

impl Device for Functional {
    fn read(&mut self, memory: &mut Memory, offset: u32) -> u32 {
        self.model.read(offset, &mut Ports::new(Port(memory)).observed_by(&mut self.causes))
    }

    fn write(&mut self, memory: &mut Memory, offset: u32, value: u32) {
        self.model.write(offset, value, &mut Ports::new(Port(memory)).observed_by(&mut self.causes));
        self.settle(memory);
    }

    fn start(&mut self, memory: &mut Memory, id: u32, request: &Request) -> Answer {
        let id = u64::from(id);
        let mut ports = Ports::new(Port(memory)).observed_by(&mut self.causes);
        let reply = self.model.translate(&model_request(id, request), &mut ports);
        let reply = answer(id, &reply, &self.causes, stalled(&self.model, id) == Some(true));
        self.answers.insert(id, reply.clone());
        self.settle(memory);
        reply
    }

    fn answer(&mut self, id: u32) -> Option<Answer> {
        let id = u64::from(id);
        match stalled(&self.model, id) {
            Some(stalled) => Some(answer(id, &smmu::Answer::Held, &self.causes, stalled)),
            None => self.answers.get(&id).cloned(),
        }
    }

    fn irq(&self, index: u32) -> bool {
        index < 8 && self.model.interrupts() >> index & 1 == 1
    }

    fn statistic(&self, name: &str) -> Option<u64> {
        statistic(self.model.stats(), name)
    }

    fn reset(&mut self) {
        self.model.reset(&mut Ports::new(Port(&mut Memory::new())));
    }
}

/// The timed driver, with a memory that answers each read after a time that depends on its address.
struct Clocked {
    model: Timed,
    config: smmu::Config,
    causes: Causes,
    answers: BTreeMap<u64, Answer>,
    now: u64,
    migrate: bool,
}

impl Clocked {
    fn build(config: &Config, migrate: bool) -> Box<dyn Device> {
        let config = model_config(config);
        let model = Timed::new(&config).expect("cases use valid configurations");
        Box::new(Self { model, config, causes: Causes::default(), answers: BTreeMap::new(), now: 0, migrate })
    }

    fn migrate(&mut self) {
        if self.migrate {
            let saved: SavedTimed = self.model.save();
            let mut fresh = Timed::new(&self.config).expect("its own configuration");
            fresh.restore(&saved).expect("its own saved state");
            self.model = fresh;
        }
    }

    /// Answers messages and lets time pass until nothing is left to do.
    fn settle(&mut self, memory: &mut Memory, mut messages: Vec<Message>) {
        loop {
            self.migrate();
            let mut out = Vec::new();
            if let Some(message) = messages.pop() {
                let (walk, data) = match message {
                    Message::Completed { request, answer: reply, .. } => {
                        let reply = answer(request.id, &reply, &self.causes, false);
                        self.answers.insert(request.id, reply);
                        continue;
                    }
                    Message::InvalidationDone { .. } => continue,
                    Message::Read { walk, read, line: false, .. } => {
                        (walk, DescriptorData::Word(memory.read32(read.address).map_err(bus_error)))
                    }
                    Message::Read { walk, read, line: true, .. } => {
                        (walk, DescriptorData::Line(Port(memory).read_line(&read)))
                    }
                    Message::Write { walk, write, .. } => {
                        let done = memory.write32(write.address, write.value).map_err(bus_error);
                        (walk, DescriptorData::Written(done))
                    }
                };
                self.now += 20 + self.now % 7;
                let mut ports = Ports::new(Port(memory)).observed_by(&mut self.causes);
                // Internal events that fall before the data arrive come first.
                self.model.advance(self.now, &mut ports, &mut out);
                let expected = self.model.descriptor_done(self.now, walk, data, &mut ports, &mut out);
                expected.expect("the model asked for it");
            } else if let Some(at) = self.model.next_event() {
                self.now = self.now.max(at);
                let mut ports = Ports::new(Port(memory)).observed_by(&mut self.causes);
                self.model.advance(self.now, &mut ports, &mut out);
            } else {
                return;
            }
            messages.extend(out);
        }
    }
}

impl Device for Clocked {
    fn read(&mut self, memory: &mut Memory, offset: u32) -> u32 {
        let mut out = Vec::new();
        let mut ports = Ports::new(Port(memory)).observed_by(&mut self.causes);
        let (value, done) = self.model.read(self.now, offset, &mut ports, &mut out);
        self.settle(memory, out);
        self.now = self.now.max(done);
        value
    }

    fn write(&mut self, memory: &mut Memory, offset: u32, value: u32) {
        let mut out = Vec::new();
        let mut ports = Ports::new(Port(memory)).observed_by(&mut self.causes);
        let done = self.model.write(self.now, offset, value, &mut ports, &mut out);
        self.settle(memory, out);
        self.now = self.now.max(done);
    }

    fn start(&mut self, memory: &mut Memory, id: u32, request: &Request) -> Answer {
        let mut out = Vec::new();
        let mut ports = Ports::new(Port(memory)).observed_by(&mut self.causes);
        self.model.submit(self.now, &model_request(u64::from(id), request), &mut ports, &mut out);
        self.settle(memory, out);
        self.answer(id).expect("a quiet model has answered or holds the transaction")
    }

    fn answer(&mut self, id: u32) -> Option<Answer> {
        let id = u64::from(id);
        match stalled(self.model.smmu(), id) {
            Some(stalled) => Some(answer(id, &smmu::Answer::Held, &self.causes, stalled)),
            None => self.answers.get(&id).cloned(),
        }
    }

    fn irq(&self, index: u32) -> bool {
        index < 8 && self.model.smmu().interrupts() >> index & 1 == 1
    }

    fn statistic(&self, name: &str) -> Option<u64> {
        statistic(self.model.smmu().stats(), name)
    }

    fn reset(&mut self) {
        self.model.reset(&mut Ports::new(Port(&mut Memory::new())));
    }
}

/// Both drivers, each also with its state moved to a fresh instance after every step.
pub(crate) const BACKENDS: [Backend; 4] = [
    Backend { name: "functional", build: |config| Functional::build(config, false) },
    Backend { name: "timed", build: |config| Clocked::build(config, false) },
    Backend { name: "functional, restored", build: |config| Functional::build(config, true) },
    Backend { name: "timed, restored", build: |config| Clocked::build(config, true) },
];
