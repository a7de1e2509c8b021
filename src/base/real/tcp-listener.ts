import { createServer, type Socket as NetSocket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import { clientCertificateFault } from '../client-certificate.ts'
import type { ConnectionHandler, NetworkAddress, Socket, TcpListener, TcpListenOptions, TlsListening, TlsServerOptions } from '../env.ts'
import { errorMessage } from '../errors.ts'

/** The most time until a connection is secured. */
const HANDSHAKE_TIMEOUT_MS = 30_000

type Accept = (socket: Socket, client: NetworkAddress) => ConnectionHandler

/** Listens for connections that speak something else than HTTP. */
export function listenTcp({ host, port, tls }: TcpListenOptions, accept: Accept): Promise<TcpListener> {
  const sockets = new Set<NetSocket>()
  const take = (socket: NetSocket, client: NetworkAddress) => serve(socket, client, accept)
  const secure = tls === undefined ? undefined : securing(tls, take)
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    if (secure === undefined) take(socket, addressOf(socket))
    else secure(socket)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      const address = server.address()
      const boundPort = typeof address === 'object' && address !== null ? address.port : port
      resolve({
        host,
        port: boundPort,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            for (const socket of sockets) socket.destroy()
          }),
      })
    })
  })
}

function serve(socket: NetSocket, client: NetworkAddress, accept: Accept): void {
  let failure: Error | undefined
  const handler = accept({ write: (bytes) => void socket.write(bytes), destroy: () => void socket.destroy() }, client)
  socket.on('data', (bytes: Uint8Array) => handler.data(bytes))
  socket.on('error', (error: Error) => {
    failure = error
  })
  socket.on('end', () => socket.destroy())
  socket.on('close', () => handler.closed(failure))
}

/** Hands connections to a server that speaks TLS: a new one whenever the options are others, as what Node's asks of clients is fixed when it is made. */
function securing(tls: TlsListening, take: (socket: TLSSocket, client: NetworkAddress) => void): (socket: NetSocket) => void {
  let inner: { readonly options: TlsServerOptions; readonly server: TlsServer } | undefined
  return (socket) => {
    const { host, port } = addressOf(socket)
    const refuse = (reason: string) => {
      tls.refused(`${host}:${port}`, reason)
      socket.destroy()
    }
    const options = tls.options()
    try {
      if (inner?.options !== options) inner = { options, server: secureServer(options, tls, take) }
    } catch (error) {
      return refuse(errorMessage(error))
    }
    inner.server.emit('connection', socket)
  }
}

function secureServer(options: TlsServerOptions, tls: TlsListening, take: (socket: TLSSocket, client: NetworkAddress) => void): TlsServer {
  const server = createTlsServer(
    {
      ...options.context,
      requestCert: options.clientCertificate !== 'NoClientCert',
      // What an unknown authority means is for the policy to say.
      rejectUnauthorized: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    (socket) => {
      const client = addressOf(socket)
      const fault =
        options.clientCertificate === 'NoClientCert'
          ? undefined
          : clientCertificateFault(options, {
              certificate: socket.getPeerX509Certificate(),
              fault: socket.authorized ? undefined : String(socket.authorizationError),
            })
      if (fault === undefined) return take(socket, client)
      socket.on('error', () => {})
      tls.refused(`${client.host}:${client.port}`, fault)
      socket.destroy()
    },
  )
  server.on('tlsClientError', (error, socket) => {
    const { host, port } = addressOf(socket)
    tls.refused(`${host}:${port}`, (error as { reason?: string }).reason ?? errorMessage(error))
    socket.destroy()
  })
  return server
}

/** A connection that is gone has no address any more. */
function addressOf({ remoteAddress, remotePort }: NetSocket): NetworkAddress {
  return { host: remoteAddress ?? 'unknown', port: remotePort ?? 0 }
}
