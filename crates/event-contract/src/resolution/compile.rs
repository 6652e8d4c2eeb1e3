//! Holds a writer's schema against ours and makes the plan of how to read it.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::{
    DecimalSchema, EnumSchema, InnerDecimalSchema, Name, NamesRef, RecordSchema, ResolvedSchema,
    UuidSchema,
};

use super::UnusableSchema;
use super::plan::{Action, AmountSlot, FieldPlan, Plan, Symbols, TextSlot, ValuePlan};
use super::skip::{Skip, Skips};
use crate::fault::printable;
use crate::{Channel, CustomerType, EventType};

/// What one of our fields is.
#[derive(Debug, Clone, Copy)]
enum Target {
    EventId,
    EventType,
    Channel,
    CustomerType,
    Timestamp,
    Quantity,
    Text(TextSlot),
    Amount(AmountSlot),
    Record(&'static RecordTarget),
    Items(&'static RecordTarget),
}

/// One of our records.
#[derive(Debug)]
struct RecordTarget {
    /// Without namespace: Avro compares no more of it.
    name: &'static str,
    fields: &'static [(&'static str, Target)],
}

const EVENT: RecordTarget = RecordTarget {
    name: "TransactionEvent",
    fields: &[
        ("event_id", Target::EventId),
        ("event_type", Target::EventType),
        ("event_version", Target::Text(TextSlot::EventVersion)),
        ("event_timestamp", Target::Timestamp),
        ("transaction_id", Target::Text(TextSlot::TransactionId)),
        ("channel", Target::Channel),
        ("customer", Target::Record(&CUSTOMER)),
        ("order", Target::Record(&ORDER)),
        ("items", Target::Items(&ITEM)),
        ("coupon_code", Target::Text(TextSlot::CouponCode)),
    ],
};

static CUSTOMER: RecordTarget = RecordTarget {
    name: "Customer",
    fields: &[
        ("id", Target::Text(TextSlot::CustomerId)),
        ("type", Target::CustomerType),
        ("country", Target::Text(TextSlot::CustomerCountry)),
        ("city", Target::Text(TextSlot::CustomerCity)),
        ("segment", Target::Text(TextSlot::CustomerSegment)),
    ],
};

static ORDER: RecordTarget = RecordTarget {
    name: "Order",
    fields: &[
        ("status", Target::Text(TextSlot::OrderStatus)),
        ("payment_method", Target::Text(TextSlot::OrderPaymentMethod)),
        ("currency", Target::Text(TextSlot::OrderCurrency)),
        ("subtotal", Target::Amount(AmountSlot::Subtotal)),
        ("tax_amount", Target::Amount(AmountSlot::Tax)),
        ("shipping_amount", Target::Amount(AmountSlot::Shipping)),
        ("discount_amount", Target::Amount(AmountSlot::Discount)),
        ("total_amount", Target::Amount(AmountSlot::Total)),
    ],
};

static ITEM: RecordTarget = RecordTarget {
    name: "Item",
    fields: &[
        ("id", Target::Text(TextSlot::ItemId)),
        ("name", Target::Text(TextSlot::ItemName)),
        ("category", Target::Text(TextSlot::ItemCategory)),
        ("unit_price", Target::Amount(AmountSlot::UnitPrice)),
        ("quantity", Target::Quantity),
        ("discount", Target::Amount(AmountSlot::LineDiscount)),
        ("cost", Target::Amount(AmountSlot::Cost)),
    ],
};

impl Target {
    const fn is_optional(self) -> bool {
        matches!(self, Target::Text(slot) if slot.is_optional())
    }
}

/// The plan for a writer's schema.
pub(super) fn compile(text: &str) -> Result<Plan, UnusableSchema> {
    let not_avro = |error: apache_avro::Error| {
        UnusableSchema(format!(
            "not an Avro schema: {}",
            printable(&error.to_string())
        ))
    };
    let schema = Schema::parse_str(text).map_err(not_avro)?;
    let resolved = ResolvedSchema::new(&schema).map_err(not_avro)?;
    let mut compiler = Compiler {
        names: resolved.get_names(),
        skips: Skips::default(),
        skips_by_name: HashMap::new(),
    };
    let event = compiler.record(&schema, &EVENT, None, "")?;
    Ok(Plan {
        event,
        skips: compiler.skips,
    })
}

struct Compiler<'s> {
    names: &'s NamesRef<'s>,
    skips: Skips,
    /// Named types can hold themselves: each is made once.
    skips_by_name: HashMap<Name, usize>,
}

impl<'s> Compiler<'s> {
    /// The type that a name refers to; any other type is itself.
    fn dereferenced(&self, schema: &'s Schema, namespace: Option<&str>) -> &'s Schema {
        match schema {
            Schema::Ref { name } => {
                let full_name = name.fully_qualified_name(namespace);
                self.names
                    .get(full_name.as_ref())
                    .copied()
                    .unwrap_or(schema)
            }
            schema => schema,
        }
    }

    fn record(
        &mut self,
        schema: &'s Schema,
        target: &'static RecordTarget,
        namespace: Option<&str>,
        path: &str,
    ) -> Result<Vec<FieldPlan>, UnusableSchema> {
        let schema = self.dereferenced(schema, namespace);
        let Schema::Record(record) = schema else {
            return Err(mismatch(path, schema, "a record"));
        };
        check_name("record", path, &record.name, target.name)?;
        let namespace = record.name.fully_qualified_name(namespace);
        let namespace = namespace.namespace();
        let mut plans = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            let path = join(path, &printable(&field.name));
            let ours = target.fields.iter().find(|(name, _)| *name == field.name);
            let value = match ours {
                Some((_, target)) => self.value(&field.schema, *target, namespace, &path)?,
                None => ValuePlan::Plain(Action::Skip(self.skip(&field.schema, namespace))),
            };
            plans.push(FieldPlan { path, value });
        }
        check_all_are_there(record, target, path)?;
        Ok(plans)
    }

    fn value(
        &mut self,
        schema: &'s Schema,
        target: Target,
        namespace: Option<&str>,
        path: &str,
    ) -> Result<ValuePlan, UnusableSchema> {
        let Schema::Union(union) = schema else {
            return Ok(ValuePlan::Plain(
                self.action(schema, target, namespace, path)?,
            ));
        };
        let mut branches = Vec::with_capacity(union.variants().len());
        for variant in union.variants() {
            branches.push(self.action(variant, target, namespace, path)?);
        }
        Ok(ValuePlan::Union(branches))
    }

    fn action(
        &mut self,
        schema: &'s Schema,
        target: Target,
        namespace: Option<&str>,
        path: &str,
    ) -> Result<Action, UnusableSchema> {
        let schema = self.dereferenced(schema, namespace);
        if matches!(schema, Schema::Null) {
            let is_optional = target.is_optional();
            return Ok(Action::Null { is_optional });
        }
        match target {
            Target::EventId | Target::Text(_) => text_action(schema, target, path),
            Target::Timestamp => match schema {
                Schema::TimestampMicros | Schema::Long | Schema::Int => Ok(Action::Timestamp),
                other => Err(mismatch(path, other, "a timestamp-micros")),
            },
            Target::Quantity => match schema {
                Schema::Int => Ok(Action::Quantity),
                other => Err(mismatch(path, other, "an int")),
            },
            Target::Amount(slot) => amount_action(schema, slot, path),
            Target::EventType => {
                symbols(schema, "EventType", EventType::from_symbol, path).map(Action::EventType)
            }
            Target::Channel => {
                symbols(schema, "Channel", Channel::from_symbol, path).map(Action::Channel)
            }
            Target::CustomerType => {
                symbols(schema, "CustomerType", CustomerType::from_symbol, path)
                    .map(Action::CustomerType)
            }
            Target::Record(record) => self
                .record(schema, record, namespace, path)
                .map(Action::Record),
            Target::Items(record) => match schema {
                Schema::Array(array) => {
                    let items = self.record(&array.items, record, namespace, "items[]")?;
                    Ok(Action::Items(items))
                }
                other => Err(mismatch(path, other, "an array")),
            },
        }
    }

    /// The number of the type by which a value is skipped.
    fn skip(&mut self, schema: &'s Schema, namespace: Option<&str>) -> usize {
        let schema = self.dereferenced(schema, namespace);
        let skip = match schema {
            Schema::Null | Schema::Ref { .. } => Skip::Null,
            Schema::Boolean => Skip::Boolean,
            Schema::Int | Schema::Date | Schema::TimeMillis => Skip::Int,
            Schema::Long
            | Schema::TimeMicros
            | Schema::TimestampMillis
            | Schema::TimestampMicros
            | Schema::TimestampNanos
            | Schema::LocalTimestampMillis
            | Schema::LocalTimestampMicros
            | Schema::LocalTimestampNanos => Skip::Long,
            Schema::Float => Skip::Fixed(4),
            Schema::Double => Skip::Fixed(8),
            Schema::String | Schema::Uuid(UuidSchema::String) => Skip::Text,
            Schema::Bytes | Schema::BigDecimal | Schema::Uuid(UuidSchema::Bytes) => Skip::Bytes,
            Schema::Decimal(DecimalSchema { inner, .. }) => match inner {
                InnerDecimalSchema::Bytes => Skip::Bytes,
                InnerDecimalSchema::Fixed(fixed) => Skip::Fixed(fixed.size),
            },
            Schema::Fixed(fixed)
            | Schema::Duration(fixed)
            | Schema::Uuid(UuidSchema::Fixed(fixed)) => Skip::Fixed(fixed.size),
            Schema::Enum(symbols) => Skip::Enum(symbols.symbols.len()),
            Schema::Array(array) => Skip::Array(self.skip(&array.items, namespace)),
            Schema::Map(map) => Skip::Map(self.skip(&map.types, namespace)),
            Schema::Union(union) => {
                let variants = union.variants().iter();
                Skip::Union(
                    variants
                        .map(|variant| self.skip(variant, namespace))
                        .collect(),
                )
            }
            Schema::Record(record) => return self.skip_record(record, namespace),
        };
        self.skips.add(skip)
    }

    fn skip_record(&mut self, record: &'s RecordSchema, namespace: Option<&str>) -> usize {
        let full_name = record.name.fully_qualified_name(namespace).into_owned();
        if let Some(number) = self.skips_by_name.get(&full_name) {
            return *number;
        }
        // Its number is given before its fields are looked at, since one of them may be of this very type.
        let number = self.skips.add(Skip::Null);
        let namespace = full_name.namespace().map(str::to_owned);
        self.skips_by_name.insert(full_name, number);
        let fields = record.fields.iter();
        let fields = fields
            .map(|field| self.skip(&field.schema, namespace.as_deref()))
            .collect();
        if let Some(place) = self.skips.0.get_mut(number) {
            *place = Skip::Record(fields);
        }
        number
    }
}

fn text_action(schema: &Schema, target: Target, path: &str) -> Result<Action, UnusableSchema> {
    match (schema, target) {
        (Schema::String | Schema::Uuid(UuidSchema::String), Target::Text(slot)) => {
            Ok(Action::Text(slot))
        }
        (Schema::String | Schema::Uuid(UuidSchema::String), _) => Ok(Action::EventId),
        (other, _) => Err(mismatch(path, other, "a string")),
    }
}

fn amount_action(schema: &Schema, slot: AmountSlot, path: &str) -> Result<Action, UnusableSchema> {
    const OUR_SCALE: usize = 2;
    match schema {
        Schema::Decimal(DecimalSchema {
            inner: InnerDecimalSchema::Bytes,
            scale,
            ..
        }) => {
            if *scale == OUR_SCALE {
                return Ok(Action::Amount(slot));
            }
            Err(UnusableSchema(format!(
                "{path} is a decimal of scale {scale}, ours has scale {OUR_SCALE}"
            )))
        }
        other => Err(mismatch(path, other, "a decimal in bytes")),
    }
}

fn symbols<Symbol>(
    schema: &Schema,
    name: &str,
    by_symbol: fn(&str) -> Option<Symbol>,
    path: &str,
) -> Result<Symbols<Symbol>, UnusableSchema> {
    let Schema::Enum(EnumSchema {
        name: found,
        symbols,
        ..
    }) = schema
    else {
        return Err(mismatch(path, schema, "an enum"));
    };
    check_name("enum", path, found, name)?;
    let with_meaning = |symbol: &String| (symbol.clone(), by_symbol(symbol));
    Ok(symbols.iter().map(with_meaning).collect())
}

fn check_name(kind: &str, path: &str, found: &Name, expected: &str) -> Result<(), UnusableSchema> {
    if found.name() == expected {
        return Ok(());
    }
    Err(UnusableSchema(format!(
        "{} is {} {kind} called {}, ours is {expected}",
        or_event(path),
        if kind == "enum" { "an" } else { "a" },
        printable(found.name())
    )))
}

fn check_all_are_there(
    record: &RecordSchema,
    target: &RecordTarget,
    path: &str,
) -> Result<(), UnusableSchema> {
    for (name, field) in target.fields {
        let is_there = record.fields.iter().any(|found| found.name == *name);
        if !is_there && !field.is_optional() {
            let path = join(path, name);
            return Err(UnusableSchema(format!(
                "{path} is missing, and has no default"
            )));
        }
    }
    Ok(())
}

fn join(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

fn or_event(path: &str) -> &str {
    if path.is_empty() { "the event" } else { path }
}

#[cold]
fn mismatch(path: &str, found: &Schema, expected: &str) -> UnusableSchema {
    let kind = match found {
        Schema::Null => "null",
        Schema::Boolean => "a boolean",
        Schema::Int => "an int",
        Schema::Long => "a long",
        Schema::Float => "a float",
        Schema::Double => "a double",
        Schema::Bytes => "plain bytes",
        Schema::String => "a string",
        Schema::Array(_) => "an array",
        Schema::Map(_) => "a map",
        Schema::Union(_) => "a union",
        Schema::Record(_) => "a record",
        Schema::Enum(_) => "an enum",
        Schema::Fixed(_) => "a fixed",
        Schema::Decimal(_) => "a decimal in a fixed",
        Schema::TimestampMillis => "a timestamp-millis",
        Schema::TimestampNanos => "a timestamp-nanos",
        _ => "of another logical type",
    };
    UnusableSchema(format!("{} is {kind}, ours is {expected}", or_event(path)))
}
