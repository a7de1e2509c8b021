import type { Report } from '../base/schema.ts'

// What is said of `headers` of remote endpoints. Source: Prometheus config/config.go, validateHeaders, validateHeadersForTracing.

const RESERVED_HEADERS = [
  'host',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'accept-encoding',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
]

export const REMOTE_AUTHORIZATION =
  'authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or google_iam parameter'

/** `authorization` is what is said of a header of that name. */
export function checkRemoteHeaders(headers: Readonly<Record<string, string>> | undefined, authorization: string, report: Report): void {
  for (const header of Object.keys(headers ?? {})) {
    const name = header.toLowerCase()
    if (name === 'authorization') report(['headers', header], authorization)
    if (RESERVED_HEADERS.includes(name)) report(['headers', header], `${header} is a reserved header. It must not be changed`)
  }
}
