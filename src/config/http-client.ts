import type { SecureVersion } from 'node:tls'
import type { TlsOptions } from '../base/env.ts'
import type { HttpClientConfig } from '../discovery/http-client.ts'
import type { HttpClientSection, TLS_VERSIONS } from '../discovery/http-client-schema.ts'

/** Reads a file of a section; undefined, with a warning at the field, when it cannot be read. */
export type SectionFile = (path: readonly (string | number)[], file: string) => Promise<string | undefined>

const VERSIONS: Readonly<Record<(typeof TLS_VERSIONS)[number], SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}

/** How to reach a server, with what the section's files of secrets and certificates say now. */
export async function readHttpClient(section: HttpClientSection, readFile: SectionFile): Promise<HttpClientConfig> {
  /** Surrounding white space of a secret is no part of it, as upstream. */
  const secret = async (path: readonly (string | number)[], file: string | undefined, inline: string | undefined) =>
    file ? (await readFile(path, file))?.trim() : inline
  const { basic_auth: basic, authorization } = section
  const username = basic && (await secret(['basic_auth', 'username_file'], basic.username_file, basic.username ?? ''))
  const password = basic && (await secret(['basic_auth', 'password_file'], basic.password_file, basic.password ?? ''))
  const token = authorization
    ? await secret(['authorization', 'credentials_file'], authorization.credentials_file, authorization.credentials)
    : await secret(['bearer_token_file'], section.bearer_token_file, section.bearer_token)
  return {
    tls: section.tls_config && (await readTls(section.tls_config, readFile)),
    basicAuth: username === undefined || password === undefined ? undefined : { username, password },
    bearerToken: token === '' ? undefined : token,
    authorizationType: authorization?.type?.trim() || 'Bearer',
    followRedirects: section.follow_redirects ?? true,
  }
}

async function readTls(tls: NonNullable<HttpClientSection['tls_config']>, readFile: SectionFile): Promise<TlsOptions> {
  const material = (name: 'ca' | 'cert' | 'key') => {
    const file = tls[`${name}_file`]
    return file ? readFile(['tls_config', `${name}_file`], file) : tls[name]
  }
  const options: TlsOptions = {
    rejectUnauthorized: !(tls.insecure_skip_verify ?? false),
    minVersion: VERSIONS[tls.min_version ?? 'TLS12'],
  }
  const [ca, cert, key] = [await material('ca'), await material('cert'), await material('key')]
  if (ca) options.ca = ca
  if (cert && key) Object.assign(options, { cert, key })
  if (tls.max_version) options.maxVersion = VERSIONS[tls.max_version]
  if (tls.server_name) options.servername = tls.server_name
  return options
}
