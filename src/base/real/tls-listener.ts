import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https'
import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { clientCertificateFault } from '../client-certificate.ts'
import type { HttpHandler, TlsListening, TlsServerOptions } from '../env.ts'
import { errorMessage } from '../errors.ts'

// 1. A server of ours listens and hands each connection to one that speaks TLS: what Node's asks of clients is fixed when it is made, so
//    there is a new one whenever the options are others, and connections of the one before go on.
// 2. Connections are counted, and cut, where they are accepted.

/** Largest head of a request. GET requests carry their selectors there: Node's 16 KiB are too few for many of /federate. */
export const REQUEST_HEAD_BYTES_MAX = 256 * 1024
/** The most time until a connection is secured. */
const HANDSHAKE_TIMEOUT_MS = 30_000
/** First byte of a TLS connection. */
const HANDSHAKE_RECORD = 22
/** Source: Go net/http, server.go. */
const PLAIN_HTTP_ANSWER = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'

/** A server that waits to be told where to listen, and what is done about its connections. */
export interface Listening {
  readonly server: Server
  closeIdleConnections(): void
  closeAllConnections(): void
}

export function tlsListener(tls: TlsListening, prepare: (server: HttpsServer) => void, handler: HttpHandler): Listening {
  const sockets = new Set<Socket>()
  let inner: { readonly options: TlsServerOptions; readonly server: HttpsServer } | undefined

  /** The server for new connections. What is wrong with new options is told, and those before stay. */
  const current = (client: string): HttpsServer | undefined => {
    const options = tls.options()
    if (inner?.options === options) return inner.server
    try {
      const server = secureServer(options, tls, handler)
      prepare(server)
      inner?.server.close()
      inner = { options, server }
    } catch (error) {
      tls.refused(client, errorMessage(error))
    }
    return inner?.server
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    const client = clientOf(socket)
    socket.on('error', () => {})
    socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () => socket.destroy())
    socket.once('readable', () => {
      const first = socket.read(1) as Buffer | null
      if (first === null) return socket.destroy()
      socket.setTimeout(0)
      if (first[0] !== HANDSHAKE_RECORD) {
        tls.refused(client, 'client sent an HTTP request to an HTTPS server')
        return socket.end(PLAIN_HTTP_ANSWER, () => socket.destroySoon())
      }
      socket.unshift(first)
      const secure = current(client)
      if (secure === undefined) socket.destroy()
      else secure.emit('connection', socket)
    })
  })
  return {
    server,
    closeIdleConnections: () => inner?.server.closeIdleConnections(),
    closeAllConnections: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function secureServer(options: TlsServerOptions, tls: TlsListening, handler: HttpHandler): HttpsServer {
  const server = createHttpsServer(
    {
      ...options.context,
      maxHeaderSize: REQUEST_HEAD_BYTES_MAX,
      requestCert: options.clientCertificate !== 'NoClientCert',
      // What an unknown authority means is for the policy to say.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    handler,
  )
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    if (options.clientCertificate === 'NoClientCert') return
    const fault = clientCertificateFault(options, {
      certificate: socket.getPeerX509Certificate(),
      fault: socket.authorized ? undefined : String(socket.authorizationError),
    })
    if (fault === undefined) return
    tls.refused(clientOf(socket), fault)
    socket.destroy()
  })
  server.on('tlsClientError', (error, socket) => {
    tls.refused(clientOf(socket), (error as { reason?: string }).reason ?? errorMessage(error))
    socket.destroy()
  })
  // Node watches over the timeouts of requests from this event on.
  server.emit('listening')
  return server
}

/** A connection that is gone has no address any more. */
function clientOf({ remoteAddress, remotePort }: Socket): string {
  if (remoteAddress === undefined) return 'unknown'
  return `${remoteAddress}:${remotePort}`
}
