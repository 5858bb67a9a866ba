//! Roles of callers.

use serde::Serialize;

/// Rights of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Needs no token.
    Open,
    /// Read the metrics and nothing else.
    Metrics,
    /// Rank.
    Rank,
    /// Read entities, standings and metrics.
    Read,
    /// Send facts; includes `read` and `rank`.
    Write,
    /// Operate the service; includes all.
    Ops,
}

impl Role {
    /// Roles with a token, smallest first.
    pub const WITH_TOKEN: [Self; 5] = [
        Self::Metrics,
        Self::Rank,
        Self::Read,
        Self::Write,
        Self::Ops,
    ];

    /// Returns the name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Metrics => "metrics",
            Self::Rank => "rank",
            Self::Read => "read",
            Self::Write => "write",
            Self::Ops => "ops",
        }
    }

    /// Returns the environment variable of its token.
    pub(super) const fn variable(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Metrics => "SAIMA_TOKEN_METRICS",
            Self::Rank => "SAIMA_TOKEN_RANK",
            Self::Read => "SAIMA_TOKEN_READ",
            Self::Write => "SAIMA_TOKEN_WRITE",
            Self::Ops => "SAIMA_TOKEN_OPS",
        }
    }

    /// Returns `true` if this role has the rights of `other`.
    #[must_use]
    pub const fn includes(self, other: Self) -> bool {
        match self {
            Self::Open => matches!(other, Self::Open),
            Self::Metrics => matches!(other, Self::Open | Self::Metrics),
            Self::Rank => matches!(other, Self::Open | Self::Rank),
            Self::Read => matches!(other, Self::Open | Self::Metrics | Self::Read),
            Self::Write => !matches!(other, Self::Ops),
            Self::Ops => true,
        }
    }
}
