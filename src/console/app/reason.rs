//! Why something is done: a field in what asks before an organization is trashed, purged or transferred, which a
//! production database may require.

use super::{App, Asked, Connection, Layer, Notice, layer::Typing};
use crate::{org::Field, tenancy};

impl App {
    /// Whether a reason has to be given.
    #[must_use]
    pub fn reason_required(&self) -> bool {
        matches!(&self.connection, Connection::Ready(connected) if connected.reason_required)
    }

    /// What helps to give it.
    #[must_use]
    pub fn reason_hint(&self) -> &'static str {
        if self.reason_required() { "required here; recorded" } else { "optional; recorded" }
    }

    /// Whether the layer on top asks for a reason and what is typed will not do: that is said beside it.
    pub(super) fn lacks_reason(&mut self) -> bool {
        let required = self.reason_required();
        let Some(layer) = self.layers.last_mut() else { return false };
        let Some(at) = layer.reason_at() else { return false };
        let Some(Typing { fields, focus, .. }) = layer.typing() else { return false };
        let Some(field) = fields.get_mut(at) else { return false };
        let Err(error) = tenancy::reason(field.text(), required) else { return false };
        field.problem = Some(Notice::from(&error));
        *focus = at;
        true
    }

    /// Begins in the field for a reason, where that has to be filled in.
    pub(super) fn begin_with_reason(&mut self) {
        let required = self.reason_required();
        let Some(layer) = self.layers.last_mut().filter(|_| required) else { return };
        if let (Some(at), Some(Typing { focus, .. })) = (layer.reason_at(), layer.typing()) {
            *focus = at;
        }
    }
}

impl Layer {
    /// Which field is for a reason; none where none is.
    fn reason_at(&self) -> Option<usize> {
        match self {
            Self::Form(form) => form.at(Asked::Reason),
            Self::Question(question) => {
                question.asks.iter().position(|asked| *asked == Field::Reason)
            }
            Self::Bulk(bulk) => bulk.reason().map(|_| 0),
            Self::Login(_)
            | Self::Upgrade
            | Self::Code(_)
            | Self::Help(_)
            | Self::Copy(_)
            | Self::Manual(_)
            | Self::Log(_)
            | Self::Dashboard
            | Self::Audit(_)
            | Self::Documents(_)
            | Self::Edit(_)
            | Self::Jobs(_)
            | Self::Job(_) => None,
        }
    }
}
