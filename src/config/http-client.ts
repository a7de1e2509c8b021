import type { ConnectionOptions, SecureVersion } from 'node:tls'
import type { TLS_VERSIONS } from '../discovery/http-client-schema.ts'
import type { ScrapeHttpConfig } from '../scrape/scrape-config.ts'
import type { ScrapeSection } from '../scrape/scrape-config-schema.ts'

/** Reads a file of a section; undefined, with a warning at the field, when it cannot be read. */
export type SectionFile = (path: readonly string[], file: string) => Promise<string | undefined>

const VERSIONS: Readonly<Record<(typeof TLS_VERSIONS)[number], SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
}

/** How a job reaches its targets, with what its files of secrets and certificates say now. */
export async function readHttpClient(job: ScrapeSection, readFile: SectionFile): Promise<ScrapeHttpConfig> {
  /** Surrounding white space of a secret is no part of it, as upstream. */
  const secret = async (path: readonly string[], file: string | undefined, inline: string | undefined) =>
    file ? (await readFile(path, file))?.trim() : inline
  const { basic_auth: basic, authorization } = job
  const username = basic && (await secret(['basic_auth', 'username_file'], basic.username_file, basic.username ?? ''))
  const password = basic && (await secret(['basic_auth', 'password_file'], basic.password_file, basic.password ?? ''))
  const token = authorization
    ? await secret(['authorization', 'credentials_file'], authorization.credentials_file, authorization.credentials)
    : await secret(['bearer_token_file'], job.bearer_token_file, job.bearer_token)
  return {
    tls: job.tls_config && (await readTls(job.tls_config, readFile)),
    basicAuth: username === undefined || password === undefined ? undefined : { username, password },
    bearerToken: token === '' ? undefined : token,
    authorizationType: authorization?.type?.trim() || 'Bearer',
    followRedirects: job.follow_redirects ?? true,
  }
}

async function readTls(tls: NonNullable<ScrapeSection['tls_config']>, readFile: SectionFile): Promise<ConnectionOptions> {
  const material = (name: 'ca' | 'cert' | 'key') => {
    const file = tls[`${name}_file`]
    return file ? readFile(['tls_config', `${name}_file`], file) : tls[name]
  }
  const options: ConnectionOptions = {
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
