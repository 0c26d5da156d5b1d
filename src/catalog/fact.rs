//! What is known, and why the rest is not.

use std::sync::Arc;

use crate::source::FileSpan;

/// The reason why something is not known.
#[derive(Debug, PartialEq, Eq)]
pub struct Why {
    pub reason: String,
    /// Where that began, if it has a place.
    pub place: Option<FileSpan>,
}

impl Why {
    pub fn new(reason: impl Into<String>, place: Option<FileSpan>) -> Arc<Self> {
        Arc::new(Self {
            reason: reason.into(),
            place,
        })
    }
}

/// A property of an object of the database.
#[derive(Clone, Debug)]
pub enum Fact<T> {
    Known(T),
    Unknown(Arc<Why>),
}

impl<T: PartialEq> Fact<T> {
    /// Whether two facts are the same; `None` where that is not known. What is not known is at least itself.
    pub fn same(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Known(one), Self::Known(other)) => Some(one == other),
            (Self::Unknown(one), Self::Unknown(other)) if Arc::ptr_eq(one, other) => Some(true),
            _ => None,
        }
    }

    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    pub fn is(&self, value: &T) -> bool {
        self.known() == Some(value)
    }

    /// What is known if either of two holds.
    #[must_use]
    pub fn join(&self, other: &Self, why: &Arc<Why>) -> Self
    where
        T: Clone,
    {
        if self.same(other) == Some(true) {
            self.clone()
        } else {
            Self::Unknown(Arc::clone(why))
        }
    }
}

impl<T: PartialEq> PartialEq for Fact<T> {
    fn eq(&self, other: &Self) -> bool {
        self.same(other) == Some(true)
    }
}

impl<T: Eq> Eq for Fact<T> {}

impl<T> From<T> for Fact<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}
