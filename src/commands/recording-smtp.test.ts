import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Socket } from '../base/env.ts'
import { mailTexts, recordingSmtp } from './recording-smtp.ts'

/** What a server says to each line. */
async function talk(lines: readonly string[]): Promise<{ said: readonly string[]; mails: readonly string[] }> {
  const said: string[] = []
  const mails: string[] = []
  const server = recordingSmtp((mail) => mails.push(mail))
  const handler = {
    connected: () => {},
    data: (bytes: Uint8Array) => said.push(Buffer.from(bytes).toString().trim()),
    closed: () => said.push('closed'),
  }
  const socket: Socket = server.connect({ host: 'x', port: 25 }, handler)
  await new Promise(setImmediate)
  for (const line of lines) {
    socket.write(`${line}\r\n`)
    await new Promise(setImmediate)
  }
  return { said, mails }
}

test('a mail is taken after each way to prove who one is', async () => {
  const check = async (lines: readonly string[], ...want: readonly string[]) => assert.deepEqual((await talk(lines)).said.slice(1), want)
  await check(['AUTH PLAIN AGEAYg=='], '235 welcome')
  await check(['AUTH LOGIN', 'YQ==', 'Yg=='], '334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6', '235 welcome')
  await check(['AUTH CRAM-MD5', 'YQ=='], '334 dGVzdA==', '235 welcome')
  await check(['STARTTLS', 'RSET', 'QUIT'], '220 go on', '250 fine', '221 bye', 'closed')
  const { mails } = await talk(['EHLO x', 'MAIL FROM:<a@b>', 'RCPT TO:<c@d>', 'DATA', 'Subject: x', '', '..dot', '.'])
  assert.deepEqual(mails, ['Subject: x\r\n\r\n.dot'])
})

test('headers and parts are read as people read them', () => {
  const mail = [
    'Subject: =?utf-8?q?Caf=C3=A9_f=C3=BCr?=',
    'Content-Type: multipart/alternative; boundary=abc',
    '',
    '--abc',
    '',
    'eine lange Zei=',
    'le, hei=C3=9F',
    '--abc--',
  ].join('\r\n')
  const [head, part] = mailTexts(mail)
  assert.match(head, /^Subject: Café für\n/)
  assert.equal(part.trim(), 'eine lange Zeile, heiß')
})
