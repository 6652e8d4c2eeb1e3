//! Parquet: columns with exact types, which most analytical tools read.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
    Int64Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use warehouse::export::{Column, Kind, MartRows, Value};

use crate::replacing::Replacement;
use crate::{DECIMAL_PRECISION, DECIMAL_SCALE, ExportError, in_ten_thousandths};

/// Rows that are held in memory before they are written.
const ROW_GROUP: usize = 50_000;
/// Bytes of a decimal of 38 digits.
const DECIMAL_BYTES: i32 = 16;

/// Writes the rows to a file, in place of the one that is there; answers how many. Every column may be null; decimals are
/// DECIMAL(38, 4), times are UTC in microseconds.
///
/// # Errors
/// See [`ExportError`].
pub async fn write(mut rows: MartRows, target: &Path) -> Result<u64, ExportError> {
    let wrong = |error: parquet::errors::ParquetError| ExportError::file(target, error);
    let columns = rows.columns().to_vec();
    let (replacement, file) = Replacement::begin(target)?;
    let schema = schema(&columns).map_err(wrong)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    let mut writer =
        SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties)).map_err(wrong)?;
    let mut count = 0;
    loop {
        let group = next_group(&mut rows, columns.len()).await?;
        let length = group.first().map_or(0, Vec::len);
        if length == 0 {
            break;
        }
        let mut group_writer = writer.next_row_group().map_err(wrong)?;
        for (column, values) in columns.iter().zip(&group) {
            write_column(&mut group_writer, column.kind, values)?.map_err(wrong)?;
        }
        group_writer.close().map_err(wrong)?;
        count += u64::try_from(length).unwrap_or(u64::MAX);
    }
    let file = writer.into_inner().map_err(wrong)?;
    replacement.finish(&file)?;
    Ok(count)
}

/// The next rows, as columns.
async fn next_group(rows: &mut MartRows, width: usize) -> Result<Vec<Vec<Value>>, ExportError> {
    let mut group = vec![Vec::new(); width];
    for _ in 0..ROW_GROUP {
        let Some(row) = rows.next().await? else { break };
        for (column, value) in group.iter_mut().zip(row) {
            column.push(value);
        }
    }
    Ok(group)
}

fn schema(columns: &[Column]) -> Result<Type, parquet::errors::ParquetError> {
    let fields = columns
        .iter()
        .map(|column| {
            let (physical, logical) = match column.kind {
                Kind::Integer => (Physical::INT64, None),
                Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
                Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
                Kind::Time => (
                    Physical::INT64,
                    Some(LogicalType::Timestamp {
                        is_adjusted_to_u_t_c: true,
                        unit: TimeUnit::MICROS,
                    }),
                ),
                Kind::Decimal => (
                    Physical::FIXED_LEN_BYTE_ARRAY,
                    Some(LogicalType::Decimal {
                        scale: i32::try_from(DECIMAL_SCALE).unwrap_or_default(),
                        precision: i32::try_from(DECIMAL_PRECISION).unwrap_or_default(),
                    }),
                ),
            };
            let mut field = Type::primitive_type_builder(&column.name, physical)
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(logical);
            if column.kind == Kind::Decimal {
                field = field
                    .with_length(DECIMAL_BYTES)
                    .with_scale(i32::try_from(DECIMAL_SCALE).unwrap_or_default())
                    .with_precision(i32::try_from(DECIMAL_PRECISION).unwrap_or_default());
            }
            field.build().map(Arc::new)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Type::group_type_builder("mart").with_fields(fields).build()
}

type Written = Result<(), parquet::errors::ParquetError>;

fn write_column(
    group: &mut SerializedRowGroupWriter<'_, File>,
    kind: Kind,
    values: &[Value],
) -> Result<Written, ExportError> {
    Ok(match kind {
        Kind::Integer => write_values::<Int64Type>(group, values, |value| match value {
            Value::Integer(number) => Ok(Some(*number)),
            _ => Ok(None),
        })?,
        Kind::Text => write_values::<ByteArrayType>(group, values, |value| match value {
            Value::Text(text) => Ok(Some(ByteArray::from(text.as_str()))),
            _ => Ok(None),
        })?,
        Kind::Date => write_values::<Int32Type>(group, values, |value| match value {
            Value::Date(day) => days_since_1970(*day).map(Some),
            _ => Ok(None),
        })?,
        Kind::Time => write_values::<Int64Type>(group, values, |value| match value {
            Value::Time(time) => Ok(Some(time.timestamp_micros())),
            _ => Ok(None),
        })?,
        Kind::Decimal => {
            write_values::<FixedLenByteArrayType>(group, values, |value| match value {
                Value::Decimal(decimal) => {
                    let bytes = in_ten_thousandths(*decimal)?.to_be_bytes().to_vec();
                    Ok(Some(FixedLenByteArray::from(ByteArray::from(bytes))))
                }
                _ => Ok(None),
            })?
        }
    })
}

/// Writes what is not null, and for each value whether it is.
fn write_values<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    values: &[Value],
    convert: impl Fn(&Value) -> Result<Option<T::T>, ExportError>,
) -> Result<Written, ExportError> {
    let mut present = Vec::with_capacity(values.len());
    let mut levels = Vec::with_capacity(values.len());
    for value in values {
        let converted = convert(value)?;
        levels.push(i16::from(converted.is_some()));
        present.extend(converted);
    }
    let mut write = || {
        let mut column = group.next_column()?.ok_or_else(|| {
            parquet::errors::ParquetError::General("the file has too few columns".into())
        })?;
        column
            .typed::<T>()
            .write_batch(&present, Some(&levels), None)?;
        column.close()
    };
    Ok(write())
}

fn days_since_1970(day: NaiveDate) -> Result<i32, ExportError> {
    let seconds = day.and_time(NaiveTime::MIN).and_utc().timestamp();
    i32::try_from(seconds.div_euclid(86_400)).map_err(|_| ExportError::Value(day.to_string()))
}
