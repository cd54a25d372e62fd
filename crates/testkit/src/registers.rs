//! The register map as data, read from the CSV fixtures under `crates/smmu/tests`.

/// Where a register is replicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One per System MMU, or an array of them; the offset is from the start of the window.
    Global,
    /// One per context bank, 4 KiB apart; the offset is from the start of the bank.
    Context,
}

/// What a guest may do with a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads give what was written.
    ReadWrite,
    /// Writes are ignored.
    ReadOnly,
    /// A port onto another register.
    WriteOnly,
    /// Writing ones clears.
    WriteOneToClear,
    /// A write acts; a read gives 0.
    Command,
}

/// A named range of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The manual's name; empty for the one value of a register without fields.
    pub name: String,
    /// Highest bit.
    pub msb: u32,
    /// Lowest bit.
    pub lsb: u32,
}

impl Field {
    /// The field's bits, in place.
    pub fn mask(&self) -> u32 {
        u32::MAX >> (31 - self.msb) & u32::MAX << self.lsb
    }
}

/// A register or array of registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Register {
    /// The manual's name.
    pub name: String,
    /// Byte offset of the first instance.
    pub offset: u32,
    /// Where it is replicated.
    pub scope: Scope,
    /// Bytes between array elements; 0 when it is not an array.
    pub stride: u32,
    /// Array elements that fit; a part may implement fewer.
    pub count: u32,
    /// What a guest may do.
    pub access: Access,
    /// Value after reset, on a part with two context banks, 32 MIDs and 64 TLB entries.
    pub reset: u32,
    /// Fields, lowest first. `PAR` has two layouts, so its fields overlap.
    pub fields: Vec<Field>,
}

impl Register {
    /// All bits that belong to a field.
    pub fn mask(&self) -> u32 {
        self.fields.iter().fold(0, |mask, f| mask | f.mask())
    }
}

/// Why a fixture or a register path was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// A row that does not parse.
    #[error("row {row}: column {column}: {value:?}")]
    Row {
        /// Line of the file, from 1.
        row: usize,
        /// Name of the column.
        column: &'static str,
        /// What it held.
        value: String,
    },
    /// No such register, bank or index.
    #[error("no register {0:?}")]
    NoRegister(String),
    /// No such field in that register.
    #[error("register {0} has no field {1:?}")]
    NoField(String, String),
}

/// A bit range of one word in the register window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Byte offset in the window.
    pub offset: u32,
    /// Lowest bit.
    pub lsb: u32,
    /// Bits of the range, in place; all ones for a whole register.
    pub mask: u32,
}

/// All registers of one fixture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterMap {
    /// In the order of the file.
    pub registers: Vec<Register>,
}

/// Spacing of the context banks.
pub const BANK_STRIDE: u32 = 0x1000;

impl RegisterMap {
    /// Reads `register,offset,scope,stride,count,field,msb,lsb,access,reset`, one field a row, with a heading.
    pub fn parse(csv: &str) -> Result<Self, RegisterError> {
        let mut registers: Vec<Register> = Vec::new();
        for (index, line) in csv.lines().enumerate().skip(1) {
            let mut cells = line.split(',');
            let mut cell = |column| {
                let value = cells.next().unwrap_or_default().to_owned();
                (column, value)
            };
            let bad = |(column, value): (&'static str, String)| RegisterError::Row {
                row: index + 1,
                column,
                value,
            };
            let number = |cell: (&'static str, String)| parse_number(&cell.1).ok_or_else(|| bad(cell));
            let name = cell("register").1;
            let offset = number(cell("offset"))?;
            let scope = match cell("scope") {
                (_, s) if s == "global" => Scope::Global,
                (_, s) if s == "context" => Scope::Context,
                other => return Err(bad(other)),
            };
            let stride = number(cell("stride"))?;
            let count = number(cell("count"))?;
            let field_name = cell("field").1;
            let msb = number(cell("msb"))?;
            let lsb = cell("lsb");
            let field = match number(lsb.clone())? {
                low if low <= msb && msb < 32 => Field { name: field_name, msb, lsb: low },
                _ => return Err(bad(lsb)),
            };
            let access = match cell("access") {
                (_, s) if s == "rw" => Access::ReadWrite,
                (_, s) if s == "ro" => Access::ReadOnly,
                (_, s) if s == "wo" => Access::WriteOnly,
                (_, s) if s == "w1c" => Access::WriteOneToClear,
                (_, s) if s == "command" => Access::Command,
                other => return Err(bad(other)),
            };
            let reset = number(cell("reset"))?;
            match registers.last_mut() {
                Some(last) if last.name == name && last.scope == scope => last.fields.push(field),
                _ => registers.push(Register {
                    name,
                    offset,
                    scope,
                    stride,
                    count,
                    access,
                    reset,
                    fields: vec![field],
                }),
            }
        }
        Ok(Self { registers })
    }

    /// The register called `name`.
    pub fn register(&self, name: &str) -> Option<&Register> {
        self.registers.iter().find(|r| r.name == name)
    }

    /// Resolves `CR`, `CR.STALLD`, `M2VCBR[3].CBNDX`, `CB1.FSR` or `CB1.FSR.TF`. Array registers lose
    /// their `_N`.
    pub fn resolve(&self, path: &str) -> Result<Place, RegisterError> {
        let none = || RegisterError::NoRegister(path.to_owned());
        let mut parts = path.split('.').peekable();
        let bank = parts
            .next_if(|p| p.len() > 2 && p.starts_with("CB") && p[2..].bytes().all(|b| b.is_ascii_digit()))
            .map(|p| p[2..].parse::<u8>().map_err(|_| none()))
            .transpose()?;
        let part = parts.next().ok_or_else(none)?;
        let (name, index) = match part.strip_suffix(']').and_then(|p| p.split_once('[')) {
            Some((name, index)) => (format!("{name}_N"), parse_number(index).ok_or_else(none)?),
            None => (part.to_owned(), 0),
        };
        let register = self.register(&name).filter(|r| index < r.count).ok_or_else(none)?;
        let offset = match (register.scope, bank) {
            (Scope::Global, None) => register.offset + register.stride * index,
            (Scope::Context, Some(bank)) => register.offset + BANK_STRIDE * u32::from(bank),
            _ => return Err(none()),
        };
        let place = match parts.next() {
            None => Place { offset, lsb: 0, mask: u32::MAX },
            Some(name) => {
                let field = register.fields.iter().find(|f| f.name == name);
                let field =
                    field.ok_or_else(|| RegisterError::NoField(register.name.clone(), name.to_owned()))?;
                Place { offset, lsb: field.lsb, mask: field.mask() }
            }
        };
        if parts.next().is_some() { Err(none()) } else { Ok(place) }
    }
}

/// A decimal, `0x` or `0b` number; `_` may separate digits.
pub fn parse_number(text: &str) -> Option<u32> {
    let digits = text.replace('_', "");
    if let Some(hex) = digits.strip_prefix("0x") {
        u32::from_str_radix(hex, 16).ok()
    } else if let Some(binary) = digits.strip_prefix("0b") {
        u32::from_str_radix(binary, 2).ok()
    } else {
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str = "register,offset,scope,stride,count,field,msb,lsb,access,reset\n\
        SCTLR,0x0,context,0,1,M,0,0,rw,0x0\nSCTLR,0x0,context,0,1,TRE,1,1,rw,0x0\n\
        CBACR_N,0xff800,global,4,256,CBVMID,20,16,rw,0x0\nCR,0xfff80,global,0,1,STALLD,5,5,rw,0x0\n";

    #[test]
    fn paths_resolve_to_offsets_and_bits() {
        let map = RegisterMap::parse(CSV).unwrap();
        let place = |path: &str| map.resolve(path).map(|p| (p.offset, p.lsb, p.mask));
        assert_eq!(place("CB2.SCTLR.TRE"), Ok((0x2000, 1, 2)));
        assert_eq!(place("CBACR[3].CBVMID"), Ok((0xFF80C, 16, 0x1F_0000)));
        assert_eq!(place("CR"), Ok((0xFFF80, 0, u32::MAX)));
        for wrong in ["SCTLR", "CB0.CR", "CBACR[256]", "CBACR_N[1].X", "CR.M.M", "CB0", "", "CB999.SCTLR"] {
            assert!(place(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_bad_row_is_located() {
        let error = RegisterMap::parse("heading\nCR,0xfff80,global,0,1,STALLD,5,6,rw,0x0\n").unwrap_err();
        assert_eq!(error.to_string(), "row 2: column lsb: \"6\"");
    }
}
