//! The contract held from outside: a corpus of odd inputs, properties over random ones, and apache-avro as the oracle.

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod document;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod json;
#[cfg(test)]
mod loose;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod registered;
#[cfg(test)]
mod resolution;
#[cfg(test)]
mod soundness;
#[cfg(test)]
mod spoiling;
