import { headerText, quotedPrintable } from './quoted-printable.ts'

// A mail of HTML, of text, or of both. Source: Alertmanager notify/email; Go mime/multipart; RFC 2046, section 5.1.4.

export interface MessageParts {
  /** Names and values, which may be any text. */
  readonly headers: ReadonlyMap<string, string>
  readonly messageId: string | undefined
  /** Of the thread that it is part of. */
  readonly thread: string | undefined
  /** Unix ms. */
  readonly time: number
  readonly boundary: string
  readonly text: string | undefined
  readonly html: string | undefined
}

/** Lines end with CRLF. */
export function mailMessage({ headers, messageId, thread, time, boundary, text, html }: MessageParts): string {
  const lines = [...headers].map(([name, value]) => `${name}: ${headerText(value)}`)
  if (messageId !== undefined) lines.push(`Message-Id: ${messageId}`)
  if (thread !== undefined) lines.push(`References: ${thread}`, `In-Reply-To: ${thread}`)
  lines.push(`Date: ${new Date(time).toUTCString().replace('GMT', '+0000')}`)
  lines.push(`Content-Type: multipart/alternative;  boundary=${boundary}`, 'MIME-Version: 1.0')
  // The one that is liked best comes last.
  const parts = [part('text/plain', text), part('text/html', html)].filter((body) => body !== undefined)
  const bodies = parts.map((body, index) => `${index === 0 ? '' : '\r\n'}--${boundary}\r\n${body}`)
  return `${lines.join('\r\n')}\r\n\r\n${bodies.join('')}\r\n--${boundary}--\r\n`
}

function part(type: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  return `Content-Transfer-Encoding: quoted-printable\r\nContent-Type: ${type}; charset=UTF-8\r\n\r\n${quotedPrintable(text)}`
}
