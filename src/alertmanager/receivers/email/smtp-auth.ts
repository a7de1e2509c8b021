import { createHmac } from 'node:crypto'

// How a mail server is told who sends. Source: RFC 4954, 4616, 2195; Go net/smtp, auth.go; Alertmanager notify/email.

export interface SmtpAuth {
  /** Go's type, as upstream's errors name it. */
  readonly type: string
  /** Behind AUTH: the mechanism and what is said at once. Throws an Error where it must not be said here. */
  start(server: { readonly isTls: boolean; readonly name: string }): string
  /** The answer to a challenge; decoded, both. */
  next(challenge: string): string
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

export function plainAuth({
  identity,
  username,
  password,
}: {
  readonly identity: string
  readonly username: string
  readonly password: string
}): SmtpAuth {
  return {
    type: '*smtp.plainAuth',
    start({ isTls, name }) {
      if (!isTls && !['localhost', '127.0.0.1', '::1'].includes(name)) throw new Error('unencrypted connection')
      return `PLAIN ${base64(`${identity}\0${username}\0${password}`)}`
    },
    next() {
      throw new Error('unexpected server challenge')
    },
  }
}

export function loginAuth(username: string, password: string): SmtpAuth {
  return {
    type: '*email.loginAuth',
    start: () => 'LOGIN',
    next(challenge) {
      switch (challenge.toLowerCase()) {
        case 'username:':
          return username
        case 'password:':
          return password
        default:
          throw new Error('unexpected server challenge')
      }
    },
  }
}

export function cramMd5Auth(username: string, secret: string): SmtpAuth {
  return {
    type: '*smtp.cramMD5Auth',
    start: () => 'CRAM-MD5',
    next: (challenge) => `${username} ${createHmac('md5', secret).update(challenge).digest('hex')}`,
  }
}

export interface SmtpCredentials {
  /** Empty: nobody is told. */
  readonly username: string
  readonly identity: string
  /** Empty: there is none. */
  password(): Promise<string>
  secret(): Promise<string>
}

/** The first way that the server knows and that there is something to say for. Rejects with what each of them lacks. */
export async function chooseAuth(
  mechanisms: string,
  { username, identity, password, secret }: SmtpCredentials,
): Promise<SmtpAuth | undefined> {
  if (username === '') return undefined
  const faults: string[] = []
  for (const mechanism of mechanisms.split(' ')) {
    try {
      if (mechanism === 'CRAM-MD5') return cramMd5Auth(username, await needed(secret, 'secret', mechanism))
      if (mechanism === 'PLAIN') return plainAuth({ identity, username, password: await needed(password, 'password', mechanism) })
      if (mechanism === 'LOGIN') return loginAuth(username, await needed(password, 'password', mechanism))
      faults.push(`unknown auth mechanism: ${mechanism}`)
    } catch (error) {
      faults.push((error as Error).message)
    }
  }
  throw new Error(faults.join('\n'))
}

async function needed(read: () => Promise<string>, what: string, mechanism: string): Promise<string> {
  const text = await read()
  if (text === '') throw new Error(`missing ${what} for ${mechanism} auth mechanism`)
  return text
}
