import { formatAddress } from './address.ts'
import { errorMessage } from './errors.ts'

/** What went wrong on the way to `address` (host and port), in Go's words for the common failures, which users of upstream know. */
export function networkFault(error: unknown, address: string): string {
  const { code } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ECONNREFUSED':
      return `dial tcp ${dialled(error, address)}: connect: connection refused`
    case 'EHOSTUNREACH':
      return `dial tcp ${dialled(error, address)}: connect: no route to host`
    case 'ENETUNREACH':
      return `dial tcp ${dialled(error, address)}: connect: network is unreachable`
    case 'ETIMEDOUT':
      return `dial tcp ${dialled(error, address)}: connect: connection timed out`
    case 'ENOTFOUND':
      return `dial tcp: lookup ${address.slice(0, address.lastIndexOf(':'))}: no such host`
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${address.slice(0, address.lastIndexOf(':'))}: server misbehaving`
    case 'ECONNRESET':
      return `read tcp ${address}: read: connection reset by peer`
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return 'http: server gave HTTP response to HTTPS client'
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
      return 'tls: server selected unsupported protocol version'
    case 'EPIPE':
      return `write tcp ${address}: write: broken pipe`
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'context deadline exceeded'
    case 'UND_ERR_SOCKET':
      return 'EOF'
    default: {
      const alert = remoteAlert(code)
      return alert === undefined ? errorMessage(error) : `remote error: tls: ${alert}`
    }
  }
}

/** The address that a name stands for, where the error tells it. */
function dialled(error: unknown, address: string): string {
  const first = error instanceof AggregateError ? error.errors[0] : error
  const { address: host, port } = first as { readonly address?: unknown; readonly port?: unknown }
  return typeof host === 'string' && typeof port === 'number' ? formatAddress({ host, port }) : address
}

// Alerts by OpenSSL's names, with those of Go. Source: RFC 8446, section 6; Go crypto/tls, alert.go.
const ALERTS: Readonly<Record<string, string>> = {
  UNEXPECTED_MESSAGE: 'unexpected message',
  BAD_RECORD_MAC: 'bad record MAC',
  RECORD_OVERFLOW: 'record overflow',
  HANDSHAKE_FAILURE: 'handshake failure',
  BAD_CERTIFICATE: 'bad certificate',
  UNSUPPORTED_CERTIFICATE: 'unsupported certificate',
  CERTIFICATE_REVOKED: 'revoked certificate',
  CERTIFICATE_EXPIRED: 'expired certificate',
  CERTIFICATE_UNKNOWN: 'unknown certificate',
  ILLEGAL_PARAMETER: 'illegal parameter',
  UNKNOWN_CA: 'unknown certificate authority',
  ACCESS_DENIED: 'access denied',
  DECODE_ERROR: 'error decoding message',
  DECRYPT_ERROR: 'error decrypting message',
  PROTOCOL_VERSION: 'protocol version not supported',
  INSUFFICIENT_SECURITY: 'insufficient security level',
  INTERNAL_ERROR: 'internal error',
  INAPPROPRIATE_FALLBACK: 'inappropriate fallback',
  USER_CANCELLED: 'user canceled',
  NO_RENEGOTIATION: 'no renegotiation',
  MISSING_EXTENSION: 'missing extension',
  UNSUPPORTED_EXTENSION: 'unsupported extension',
  UNRECOGNIZED_NAME: 'unrecognized name',
  BAD_CERTIFICATE_STATUS_RESPONSE: 'bad certificate status response',
  UNKNOWN_PSK_IDENTITY: 'unknown PSK identity',
  CERTIFICATE_REQUIRED: 'certificate required',
  NO_APPLICATION_PROTOCOL: 'no application protocol',
}

/** The alert that the other side ended the connection with, in Go's words; undefined: the code is of something else. */
function remoteAlert(code: string | undefined): string | undefined {
  const [, name] = /^ERR_SSL_(?:SSLV3|SSL\/TLS|TLSV1|TLSV13)_(?:ALERT_)?(.+)$/.exec(code ?? '') ?? []
  return name === undefined ? undefined : ALERTS[name]
}

/** Whether the other side speaks none of the protocols that it was offered. */
export function isProtocolRefusal(error: unknown): boolean {
  return remoteAlert((error as NodeJS.ErrnoException).code) === ALERTS.NO_APPLICATION_PROTOCOL
}
