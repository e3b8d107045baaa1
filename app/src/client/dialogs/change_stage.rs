use domain::{Code, Failure, Operation, Plan};

/// How far a change is.
#[derive(Clone, Debug, Default)]
pub enum Stage {
    #[default]
    Idle,
    Planning,
    Planned(Plan),
    /// The plan was sent off, and the server has not answered yet.
    Applying(Plan),
    /// Neither plan nor operation came of it.
    Refused(Failure),
    Running(Operation),
    Ended(Operation),
}

impl Stage {
    /// The plan that is shown.
    pub fn plan(&self) -> Option<&Plan> {
        match self {
            Self::Planned(plan) | Self::Applying(plan) => Some(plan),
            Self::Running(operation) | Self::Ended(operation) => operation.plan.as_ref(),
            _ => None,
        }
    }

    /// True while an operation runs, from when it was sent off.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Applying(_) | Self::Running(_))
    }

    /// True while nothing else can be done with its agents. Who is started again behind a switch that stands is free already.
    pub fn holds(&self) -> bool {
        match self {
            Self::Running(operation) => !operation.state.is_final(),
            stage => stage.runs(),
        }
    }

    /// True when the operation did nothing, for the installation is no longer what its plan was made from.
    pub fn is_outdated(&self) -> bool {
        let Self::Ended(operation) = self else { return false };
        // Other conflicts come from the doing, and name no objects that moved.
        operation.failure.as_ref().is_some_and(|why| why.code == Code::Conflict && !why.diff.is_empty())
    }
}
