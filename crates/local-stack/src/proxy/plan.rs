//! When to cut: a pure decision over the bytes that come by.

/// The way that bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Requests.
    ClientToServer,
    /// Answers.
    ServerToClient,
}

/// What becomes of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All of it goes on.
    Pass,
    /// So many bytes go on, then this connection is closed.
    CutThis(usize),
    /// So many bytes go on, then all connections are closed.
    CutAll(usize),
}

/// Numbers connections.
pub(super) type ConnectionId = u64;

/// What is planned.
#[derive(Debug, Default)]
pub(super) struct Plan {
    left_to_server: Option<u64>,
    left_to_client: Option<u64>,
    awaited: Option<Vec<u8>>,
    /// The connection on which the awaited text went by, and whose next answer is to be lost.
    answer_to_lose: Option<ConnectionId>,
    refuses: bool,
    cuts: u64,
}

impl Plan {
    pub(super) fn cut_after(&mut self, direction: Direction, bytes: u64) {
        *self.left(direction) = Some(bytes);
    }

    pub(super) fn lose_answer_to(&mut self, text: &[u8]) {
        self.awaited = Some(text.to_vec());
        self.answer_to_lose = None;
    }

    pub(super) fn disarm(&mut self) {
        *self = Plan {
            refuses: self.refuses,
            cuts: self.cuts,
            ..Plan::default()
        };
    }

    pub(super) fn refuse(&mut self, refuse: bool) {
        self.refuses = refuse;
    }

    pub(super) fn refuses(&self) -> bool {
        self.refuses
    }

    pub(super) fn cuts(&self) -> u64 {
        self.cuts
    }

    pub(super) fn count_cut(&mut self) {
        self.cuts += 1;
    }

    /// How many bytes before a chunk have to be shown again for a text that is split between chunks.
    pub(super) fn memory(&self) -> usize {
        self.awaited
            .as_ref()
            .map_or(0, |text| text.len().saturating_sub(1))
    }

    /// Decides over `chunk`, which comes after `before` on the same connection in the same direction.
    pub(super) fn judge(
        &mut self,
        connection: ConnectionId,
        direction: Direction,
        before: &[u8],
        chunk: &[u8],
    ) -> Verdict {
        if let Some(passing) = self.count(direction, chunk.len()) {
            return Verdict::CutAll(passing);
        }
        match direction {
            Direction::ClientToServer => {
                self.look_for_text(connection, before, chunk);
                Verdict::Pass
            }
            Direction::ServerToClient if self.answer_to_lose == Some(connection) => {
                self.answer_to_lose = None;
                Verdict::CutThis(0)
            }
            Direction::ServerToClient => Verdict::Pass,
        }
    }

    /// Counts a chunk; how much of it may still pass if it is the one to cut at.
    fn count(&mut self, direction: Direction, length: usize) -> Option<usize> {
        let left = self.left(direction);
        let allowed = (*left)?;
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        if length <= allowed {
            *left = Some(allowed - length);
            return None;
        }
        *left = None;
        // Less than the chunk's length, which is a usize.
        usize::try_from(allowed).ok()
    }

    fn look_for_text(&mut self, connection: ConnectionId, before: &[u8], chunk: &[u8]) {
        let Some(text) = self.awaited.as_deref() else {
            return;
        };
        let seen: Vec<u8> = before.iter().chain(chunk).copied().collect();
        let found = text.is_empty() || seen.windows(text.len()).any(|window| window == text);
        if found {
            self.awaited = None;
            self.answer_to_lose = Some(connection);
        }
    }

    fn left(&mut self, direction: Direction) -> &mut Option<u64> {
        match direction {
            Direction::ClientToServer => &mut self.left_to_server,
            Direction::ServerToClient => &mut self.left_to_client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Direction::{ClientToServer, ServerToClient};
    use super::*;

    #[test]
    fn without_a_plan_everything_passes() {
        let mut plan = Plan::default();
        assert_eq!(plan.judge(1, ClientToServer, b"", b"COMMIT"), Verdict::Pass);
        assert_eq!(plan.judge(1, ServerToClient, b"", b"done"), Verdict::Pass);
    }

    #[test]
    fn bytes_are_counted_in_one_direction_and_the_cut_happens_once() {
        let mut plan = Plan::default();
        plan.cut_after(ServerToClient, 5);
        assert_eq!(
            plan.judge(1, ClientToServer, b"", b"any length at all"),
            Verdict::Pass
        );
        assert_eq!(plan.judge(1, ServerToClient, b"", b"abc"), Verdict::Pass);
        assert_eq!(
            plan.judge(2, ServerToClient, b"", b"de"),
            Verdict::Pass,
            "exactly as many as may pass"
        );
        assert_eq!(plan.judge(1, ServerToClient, b"", b"f"), Verdict::CutAll(0));
        assert_eq!(plan.judge(1, ServerToClient, b"", b"g"), Verdict::Pass);
        plan.cut_after(ClientToServer, 2);
        assert_eq!(
            plan.judge(1, ClientToServer, b"", b"abc"),
            Verdict::CutAll(2)
        );
    }

    #[test]
    fn the_answer_is_lost_on_the_connection_that_asked() {
        let mut plan = Plan::default();
        plan.lose_answer_to(b"COMMIT");
        assert_eq!(
            plan.judge(1, ClientToServer, b"", b"SELECT 1"),
            Verdict::Pass
        );
        assert_eq!(plan.judge(1, ServerToClient, b"", b"1"), Verdict::Pass);
        assert_eq!(
            plan.judge(1, ClientToServer, b"", b"Q COMMIT"),
            Verdict::Pass
        );
        assert_eq!(plan.judge(2, ServerToClient, b"", b"other"), Verdict::Pass);
        assert_eq!(
            plan.judge(1, ServerToClient, b"", b"COMMIT"),
            Verdict::CutThis(0)
        );
        assert_eq!(
            plan.judge(1, ServerToClient, b"", b"more"),
            Verdict::Pass,
            "once"
        );
    }

    #[test]
    fn a_text_split_between_chunks_is_found() {
        let mut plan = Plan::default();
        plan.lose_answer_to(b"COMMIT");
        assert_eq!(plan.memory(), 5);
        plan.judge(1, ClientToServer, b"", b"xxCOM");
        assert_eq!(
            plan.judge(1, ServerToClient, b"", b"not yet"),
            Verdict::Pass
        );
        plan.judge(1, ClientToServer, b"xxCOM", b"MIT");
        assert_eq!(
            plan.judge(1, ServerToClient, b"", b"answer"),
            Verdict::CutThis(0)
        );
    }

    #[test]
    fn disarming_forgets_the_plan_and_nothing_else() {
        let mut plan = Plan::default();
        plan.count_cut();
        plan.refuse(true);
        plan.cut_after(ServerToClient, 0);
        plan.lose_answer_to(b"x");
        plan.disarm();
        assert_eq!(plan.judge(1, ClientToServer, b"", b"x"), Verdict::Pass);
        assert_eq!(plan.judge(1, ServerToClient, b"", b"x"), Verdict::Pass);
        assert!(plan.refuses());
        assert_eq!(plan.cuts(), 1);
    }
}
