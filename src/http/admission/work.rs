//! Kinds of work that need admission, and the reasons to reject a request without running it.

/// A kind of work that needs admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Work {
    /// A rank request.
    Rank,
    /// A batch of rank requests.
    Batch,
    /// A bulk body, or a deletion.
    Ingest,
    /// A read whose cost grows with its answer.
    Read,
}

impl Work {
    /// Every kind, in the order of the discriminants.
    pub(super) const ALL: [Self; 4] = [Self::Rank, Self::Batch, Self::Ingest, Self::Read];

    /// Returns the name as a label of metrics.
    pub(super) const fn name(self) -> &'static str {
        self.rejection().name()
    }

    /// Returns the rejection when all slots of this kind are in use.
    pub(super) const fn rejection(self) -> Rejection {
        match self {
            Self::Rank => Rejection::Rank,
            Self::Batch => Rejection::Batch,
            Self::Ingest => Rejection::Ingest,
            Self::Read => Rejection::Read,
        }
    }
}

/// Reason to reject a request or a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Rejection {
    /// No slot is free for a rank request.
    Rank,
    /// No slot is free for a batch.
    Batch,
    /// No slot is free for a bulk body or a deletion.
    Ingest,
    /// No slot is free for a read.
    Read,
    /// The bodies of rank requests and batches have too many bytes in all.
    RankBytes,
    /// The other bodies have too many bytes in all.
    IngestBytes,
    /// The answers that clients have not taken yet have too many bytes.
    AnswerBytes,
    /// Too many connections are open.
    Connections,
    /// The request did not get a permit in time, or would not.
    Late,
}

impl Rejection {
    /// Every reason, in the order of the discriminants.
    pub(super) const ALL: [Self; 9] = [
        Self::Rank,
        Self::Batch,
        Self::Ingest,
        Self::Read,
        Self::RankBytes,
        Self::IngestBytes,
        Self::AnswerBytes,
        Self::Connections,
        Self::Late,
    ];

    /// Returns the name as a label of metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rank => "rank",
            Self::Batch => "batch",
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::RankBytes => "rank_bytes",
            Self::IngestBytes => "ingest_bytes",
            Self::AnswerBytes => "answer_bytes",
            Self::Connections => "connections",
            Self::Late => "late",
        }
    }
}
