//! A minimal HTTP/1.1 client for measurements: one request at a time over a connection that stays open.
//!
//! Requests are prepared as bytes and answers are read into one buffer, so that the generator takes a few microseconds per request.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use tokio::net::TcpStream;

/// A connection that stays open.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer: its status, and the range of its body in the buffer.
struct Answer {
    status: u16,
    body: Range<usize>,
}

impl Connection {
    pub(crate) async fn open(address: &SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 1 << 16],
        })
    }

    /// Sends a request and returns the status and the body of its answer.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<(u16, &[u8])> {
        self.write(request).await?;
        let answer = self.read().await?;
        Ok((
            answer.status,
            self.buffer.get(answer.body).unwrap_or_default(),
        ))
    }

    async fn write(&mut self, mut rest: &[u8]) -> Result<()> {
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => {
                    self.stream.writable().await?
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<Answer> {
        let mut have = 0;
        loop {
            have += self.more(have).await?;
            let Some(answer) = Answer::parse(self.buffer.get(..have).unwrap_or_default())? else {
                continue;
            };
            if answer.body.end > self.buffer.len() {
                self.buffer.resize(answer.body.end, 0);
            }
            while have < answer.body.end {
                have += self.more(have).await?;
            }
            return Ok(answer);
        }
    }

    async fn more(&mut self, have: usize) -> Result<usize> {
        loop {
            let room = self.buffer.get_mut(have..).unwrap_or_default();
            ensure!(!room.is_empty(), "the head of an answer is too long");
            match self.stream.try_read(room) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(count) => return Ok(count),
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => {
                    self.stream.readable().await?
                }
                Err(fault) => return Err(fault.into()),
            }
        }
    }
}

impl Answer {
    /// Parses the head of an answer. Returns `None` if it is not complete yet.
    fn parse(bytes: &[u8]) -> Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.split(' ').nth(1))
            .context("no status")?;
        let length = lines
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .context("an answer without content-length")?;
        let body = end + 4;
        let length: usize = length.1.trim().parse()?;
        Ok(Some(Self {
            status: status.parse()?,
            body: body..body + length,
        }))
    }
}

/// Sends one request to check that the service answers as the load expects.
pub(crate) async fn probe(address: &SocketAddr, requests: &[Vec<u8>]) -> Result<()> {
    let request = requests.first().context("no request")?;
    let mut connection = Connection::open(address).await?;
    let (status, body) = connection.exchange(request).await?;
    let text = String::from_utf8_lossy(body);
    let short: String = text.chars().take(300).collect();
    ensure!(status == 200, "the service answers {status}: {short}");
    ensure!(
        text.contains("\"unknown\":[]"),
        "the service does not know the synthetic items: {short}"
    );
    Ok(())
}
