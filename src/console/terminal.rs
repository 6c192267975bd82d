//! The terminal: taken at the start, given back however the program ends, one write a frame.

use std::{
    cell::RefCell,
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    rc::Rc,
};

use crossterm::{
    Command, cursor,
    event::{
        DisableBracketedPaste, EnableBracketedPaste, KeyboardEnhancementFlags,
        PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
    },
    terminal::{
        self as screen, BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate,
        EnterAlternateScreen, LeaveAlternateScreen,
    },
};
use ratatui::{Frame, TerminalOptions, Viewport, layout::Rect};

use super::{
    ambiguous_width::{Doubtful, Placed},
    escape::with_own_colours,
};

/// Letters and no line drawing, no styles, all rows scroll.
const ORDINARY: &[u8] = b"\x1b(B\x0f\x1b[m\x1b[r";

/// Clicks, drags and the wheel, in columns beyond 223 too. Not every move: nothing here follows one, and
/// each would go through the network.
const MOUSE_TAKEN: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_LEFT: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// What a terminal has that does not know.
const USUAL_SIZE: (u16, u16) = (80, 24);

/// Collects a whole frame, so that it leaves in one `write(2)`: ratatui and crossterm flush several
/// times a frame, and a terminal that draws in between flickers.
#[derive(Clone, Default)]
struct FrameBuffer(Rc<RefCell<Vec<u8>>>);

impl Write for FrameBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal while the console has it. Dropping it gives it back.
pub struct Terminal {
    screen: ratatui::Terminal<Placed<FrameBuffer>>,
    doubtful: Doubtful,
    buffer: FrameBuffer,
    out: File,
}

impl Terminal {
    /// Whether both ends of this program are a terminal.
    #[must_use]
    pub fn is_there() -> bool {
        io::stdin().is_terminal() && io::stdout().is_terminal()
    }

    /// Takes the terminal: raw mode, the alternate screen, pastes as pastes.
    ///
    /// # Errors
    /// What the terminal answers.
    pub fn take() -> io::Result<Self> {
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        // Whether there are colours is for the theme to say. Left to itself, crossterm answers NO_COLOR
        // with an empty style that also takes away the mark of the selected row.
        crossterm::style::force_color_output(true);
        let buffer = FrameBuffer::default();
        let doubtful = Doubtful::default();
        let screen = fixed(&buffer, &doubtful, Rect::ZERO)?;
        let mut terminal = Self { screen, doubtful, buffer, out };
        terminal.enter()?;
        Ok(terminal)
    }

    /// Takes the terminal again after [`Terminal::leave`].
    ///
    /// # Errors
    /// What the terminal answers.
    pub fn enter(&mut self) -> io::Result<()> {
        screen::enable_raw_mode()?;
        self.queue(EnterAlternateScreen)?;
        // Terminals that know it tell esc from the beginning of a sequence, and ^с from с; others ignore it.
        self.queue(PushKeyboardEnhancementFlags(
            KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES,
        ))?;
        self.redraw()
    }

    /// Begins anew on a blank screen, whatever another program has left the terminal in.
    ///
    /// # Errors
    /// What the terminal answers.
    pub fn redraw(&mut self) -> io::Result<()> {
        self.pass(ORDINARY)?;
        self.queue(EnableBracketedPaste)?;
        self.queue(cursor::Hide)?;
        self.resize(self.size()?)
    }

    /// Gives the terminal back for a while.
    ///
    /// # Errors
    /// What the terminal answers.
    pub fn leave(&mut self) -> io::Result<()> {
        self.buffer.0.borrow_mut().clear();
        give_back(&mut self.out)
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// What the terminal answers.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = rustix::termios::tcgetwinsize(&self.out)?;
        // A serial line has no size of its own and says so.
        let known = |number: u16, usual: u16| if number == 0 { usual } else { number };
        Ok((known(size.ws_col, USUAL_SIZE.0), known(size.ws_row, USUAL_SIZE.1)))
    }

    /// Begins anew on a blank screen of this size. Asks the terminal nothing, so waits for nothing.
    ///
    /// # Errors
    /// None in practice: it only fills the buffer.
    pub fn resize(&mut self, (width, height): (u16, u16)) -> io::Result<()> {
        self.doubtful = Doubtful::default();
        self.screen = fixed(&self.buffer, &self.doubtful, Rect::new(0, 0, width, height))?;
        self.queue(Clear(ClearType::All))
    }

    /// Draws a frame and writes what changed, in one write.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn draw(&mut self, picture: impl FnOnce(&mut Frame)) -> io::Result<()> {
        let doubtful = self.doubtful.clone();
        self.screen.draw(|frame| {
            picture(frame);
            doubtful.look(frame.buffer_mut());
        })?;
        let frame = std::mem::take(&mut *self.buffer.0.borrow_mut());
        let mut bytes = Vec::with_capacity(frame.len() + 16);
        write_ansi(&mut bytes, BeginSynchronizedUpdate)?;
        with_own_colours(&frame, &mut bytes);
        write_ansi(&mut bytes, EndSynchronizedUpdate)?;
        self.out.write_all(&bytes)
    }

    /// Takes the mouse, or leaves it to the terminal.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn mouse(&mut self, taken: bool) -> io::Result<()> {
        self.buffer.write_all(if taken { MOUSE_TAKEN } else { MOUSE_LEFT })
    }

    /// Gives the terminal these bytes with the next frame.
    ///
    /// # Errors
    /// None in practice: it only fills the buffer.
    pub fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.write_all(bytes)
    }

    fn queue(&mut self, command: impl Command) -> io::Result<()> {
        write_ansi(&mut self.buffer, command)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // The terminal may be gone; then there is nobody to give it back to.
        let _ = give_back(&mut self.out);
    }
}

/// Gives the terminal back from wherever the program is: also from a panic.
pub fn give_back_now() {
    let _ = give_back(&mut io::stdout());
}

fn give_back(out: &mut impl Write) -> io::Result<()> {
    let raw = screen::disable_raw_mode();
    let mut bytes = Vec::new();
    write_ansi(&mut bytes, EndSynchronizedUpdate)?;
    bytes.extend_from_slice(MOUSE_LEFT);
    write_ansi(&mut bytes, PopKeyboardEnhancementFlags)?;
    write_ansi(&mut bytes, DisableBracketedPaste)?;
    write_ansi(&mut bytes, cursor::Show)?;
    write_ansi(&mut bytes, LeaveAlternateScreen)?;
    out.write_all(&bytes)?;
    out.flush()?;
    raw
}

fn fixed(
    buffer: &FrameBuffer,
    doubtful: &Doubtful,
    area: Rect,
) -> io::Result<ratatui::Terminal<Placed<FrameBuffer>>> {
    let options = TerminalOptions { viewport: Viewport::Fixed(area) };
    ratatui::Terminal::with_options(Placed::new(buffer.clone(), doubtful.clone()), options)
}

fn write_ansi(out: &mut impl Write, command: impl Command) -> io::Result<()> {
    let mut text = String::new();
    command.write_ansi(&mut text).map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::{fd::OwnedFd, unix::net::UnixDatagram};

    use super::*;

    /// Each `write(2)` to a datagram socket is one datagram.
    #[test]
    fn a_frame_is_one_write_however_much_of_it_changed() {
        let (out, received) = UnixDatagram::pair().unwrap();
        received.set_nonblocking(true).unwrap();
        let buffer = FrameBuffer::default();
        let doubtful = Doubtful::default();
        let screen = fixed(&buffer, &doubtful, Rect::ZERO).unwrap();
        let out = File::from(OwnedFd::from(out));
        let mut terminal = Terminal { screen, doubtful, buffer, out };
        terminal.resize((120, 40)).unwrap();
        let mut bytes = vec![0; 1 << 18];
        let mut writes = || {
            let mut sizes = Vec::new();
            while let Ok(size) = received.recv(&mut bytes) {
                sizes.push(size);
            }
            sizes
        };
        for (letters, least) in [("#", 120 * 40), ("=", 120 * 40), ("=", 1)] {
            let line = letters.repeat(120);
            terminal
                .draw(|frame| {
                    for y in 0..40 {
                        frame.buffer_mut().set_string(0, y, &line, ratatui::style::Style::new());
                    }
                })
                .unwrap();
            let sizes = writes();
            assert!(matches!(sizes[..], [size] if size >= least), "{sizes:?}");
        }
    }
}
