//! Kinds of work that need admission, and the reasons for which a request is rejected without being run.

/// A kind of work that needs admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Work {
    /// A rank request.
    Rank,
    /// A batch of rank requests.
    Batch,
    /// A bulk body, or a deletion.
    Ingest,
}

impl Work {
    /// Every kind, in the order of the discriminants.
    pub(super) const ALL: [Self; 3] = [Self::Rank, Self::Batch, Self::Ingest];

    /// Returns the name as a label of metrics.
    pub(super) const fn name(self) -> &'static str {
        self.refusal().name()
    }

    /// Returns the reason to reject a request of this kind when all its slots are in use.
    pub(super) const fn refusal(self) -> Refusal {
        match self {
            Self::Rank => Refusal::Rank,
            Self::Batch => Refusal::Batch,
            Self::Ingest => Refusal::Ingest,
        }
    }
}

/// The reason for which a request or a connection was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Refusal {
    /// No slot for a rank request.
    Rank,
    /// No slot for a batch.
    Batch,
    /// No slot for a bulk body or a deletion.
    Ingest,
    /// Too many bytes of bodies to rank.
    RankBytes,
    /// Too many bytes of other bodies.
    IngestBytes,
    /// Too many connections.
    Connections,
    /// The request would run too late, or did.
    Late,
}

impl Refusal {
    /// Every reason, in the order of the discriminants.
    pub(super) const ALL: [Self; 7] = [
        Self::Rank,
        Self::Batch,
        Self::Ingest,
        Self::RankBytes,
        Self::IngestBytes,
        Self::Connections,
        Self::Late,
    ];

    /// Returns the name as a label of metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rank => "rank",
            Self::Batch => "batch",
            Self::Ingest => "ingest",
            Self::RankBytes => "rank_bytes",
            Self::IngestBytes => "ingest_bytes",
            Self::Connections => "connections",
            Self::Late => "late",
        }
    }
}
