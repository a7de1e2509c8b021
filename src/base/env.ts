import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SecureContextOptions, SecureVersion } from 'node:tls'
import type { Registry } from 'prom-client'
import type { Log } from './log.ts'

/**
 * Everything that reaches outside the program. The real one is `env-real.ts`, the one of tests and simulation
 * `env-virtual.ts`; nothing else touches the clock, timers, chance, files, sockets or processes.
 */
export interface Env {
  readonly clock: Clock
  readonly random: Random
  readonly fs: FileSystem
  readonly tcp: Tcp
  readonly udp: Udp
  readonly dns: Dns
  readonly http: Http
  readonly passwords: Passwords
  readonly spawn: Spawner
  readonly threads: Threads
  readonly log: Log
  /** Our own metrics; served at /metrics. */
  readonly metrics: Registry
}

export interface Clock {
  /** Unix time in ms, possibly with a fraction. May jump. */
  now(): number
  /** Milliseconds since an arbitrary point; never goes back. For durations. */
  monotonic(): number
  /** Calls back once after at least `delayMs` (0 = next turn of the event loop). */
  setTimer(delayMs: number, callback: () => void): Timer
  /** Calls back every `intervalMs` until cancelled. */
  setTicker(intervalMs: number, callback: () => void): Timer
}

export interface Timer {
  cancel(): void
}

/** Resolves after `delayMs`, or at once when `signal` aborts (it does not reject: ask `signal.aborted`). */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const onAbort = () => {
      timer.cancel()
      resolve()
    }
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  bytes(count: number): Uint8Array
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'other'
  readonly sizeBytes: number
  /** Unix ms. */
  readonly modifiedTime: number
  readonly inode: number
}

export interface DiskUsage {
  readonly totalBytes: number
  readonly freeBytes: number
  readonly availableBytes: number
  readonly files: number
  readonly filesFree: number
}

/** Paths are the caller's. Every call rejects with Node's error codes (ENOENT, ENOSPC, EACCES …) in `error.code`. */
export interface FileSystem {
  /**
   * `read`: must exist. `create`: must not exist, read and write. `write`: read and write, created if absent, kept if present.
   */
  open(path: string, mode: 'read' | 'create' | 'write'): Promise<File>
  readFile(path: string): Promise<Uint8Array>
  readText(path: string): Promise<string>
  /** Creates or replaces; neither atomic nor durable (see `replaceFile` in files.ts). */
  writeFile(path: string, body: Uint8Array | string): Promise<void>
  /** Names only, sorted. */
  readDir(path: string): Promise<readonly string[]>
  /** null where nothing is. */
  stat(path: string): Promise<FileStat | null>
  readLink(path: string): Promise<string>
  realPath(path: string): Promise<string>
  usage(path: string): Promise<DiskUsage>
  mkdir(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Gives a file another name beside its own; the new one must not be there. Rejects where the file system cannot: EXDEV, EPERM, ENOTSUP … */
  link(existing: string, path: string): Promise<void>
  /** Removes a file or a directory with all in it; no error where nothing is. */
  remove(path: string): Promise<void>
  /** Makes creations, renames and removals in a directory durable. */
  syncDir(path: string): Promise<void>
  /**
   * Takes the lock that flock(2) has for a file, which is made when it is not there, without waiting. It ends with the process, however that
   * ends. `taken`: another one has it.
   */
  lock(path: string): Promise<FileLock | 'taken' | 'unsupported'>
  /** Calls back when something in a directory, or a file, may have changed; best effort, so callers poll as well. Missing path: no error. */
  watch(path: string, onChange: () => void): Timer
}

export interface FileLock {
  release(): Promise<void>
}

export interface File {
  readonly path: string
  /** Bytes read, 0 at the end. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Reads into buffers, one after the other; fewer bytes than they have only at the end of the file. */
  readAll(into: readonly Uint8Array[], position: number): Promise<number>
  /** Writes all of the buffers, one after the other, at `position`; resolves after write(2) of the last byte. */
  write(buffers: readonly Uint8Array[], position: number): Promise<void>
  size(): Promise<number>
  truncate(sizeBytes: number): Promise<void>
  /** fdatasync: what was written survives power loss. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** How to speak TLS to a server. What is made of it is kept for the object: use one for as long as nothing changes. */
export interface TlsOptions {
  /** Authorities, in PEM form; default: those of the system. */
  readonly ca?: string
  /** Our certificate and its key, in PEM form. */
  readonly cert?: string
  readonly key?: string
  /** Whom the server's certificate must name, and what is asked for; default: the host. */
  readonly servername?: string
  /** False: any certificate does. */
  readonly rejectUnauthorized?: boolean
  /** Default: TLS 1.2. */
  readonly minVersion?: SecureVersion
  readonly maxVersion?: SecureVersion
}

/** A server through which others are reached. */
export interface ProxyServer {
  readonly scheme: 'http' | 'https' | 'socks5'
  readonly host: string
  readonly port: number
  readonly credentials?: { readonly username: string; readonly password: string }
  /** Sent with CONNECT. */
  readonly connectHeaders: readonly (readonly [name: string, value: string])[]
  /** Of an https proxy. */
  readonly tls?: TlsOptions
}

export interface ConnectOptions {
  readonly host: string
  readonly port: number
  /** Present: TLS. */
  readonly tls?: TlsOptions
  /** Offered over TLS, by ALPN; default: nothing is. */
  readonly protocols?: readonly string[]
  /** Present: by a tunnel through it. */
  readonly through?: ProxyServer
}

/** Callbacks of one connection. `data` lends `bytes` for the duration of the call only: many connections share one read buffer. */
export interface SocketHandler {
  connected(): void
  data(bytes: Uint8Array): void
  /** Once, last; with an error when it was not an orderly end. */
  closed(error?: Error): void
}

/** The same for a connection that somebody else has opened. */
export type ConnectionHandler = Omit<SocketHandler, 'connected'>

export interface Socket {
  write(bytes: Uint8Array | string): void
  /** Ends the connection at once; `closed` is still called. */
  destroy(): void
}

export interface TcpListenOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** Present: TLS. */
  readonly tls?: TlsListening
}

export interface TcpListener {
  readonly host: string
  readonly port: number
  /** Accepts no more, and ends all connections at once. */
  close(): Promise<void>
}

/** TLS that begins on a connection which is there. */
export interface SecureOptions {
  readonly host: string
  readonly tls: TlsOptions
}

export interface Tcp {
  connect(options: ConnectOptions, handler: SocketHandler): Socket
  /**
   * Begins TLS on a connection that `connect` made, after both sides agreed on it. From then on the connection is the answer, and what
   * happens on it is told to `handler`: `connected` once the server is known to be who it should be.
   */
  secure(socket: Socket, options: SecureOptions, handler: SocketHandler): Socket
  /** `accept` is called with each connection, when it is secured if it is to be, and says what is done with it. */
  listen(options: TcpListenOptions, accept: (socket: Socket, client: NetworkAddress) => ConnectionHandler): Promise<TcpListener>
}

export interface NetworkAddress {
  /** An IP address. */
  readonly host: string
  readonly port: number
}

/** A socket for datagrams: what is sent may be lost, come late, twice, or in another order. */
export interface UdpSocket {
  readonly host: string
  readonly port: number
  /** To an IP address. What cannot be sent is lost, as what is lost on the way. */
  send(bytes: Uint8Array, host: string, port: number): void
  close(): void
}

export interface Udp {
  /** `received` has the bytes for good. Port 0: any that is free. */
  bind(options: NetworkAddress, received: (bytes: Uint8Array, from: NetworkAddress) => void): Promise<UdpSocket>
  /** The IP addresses of this machine's interfaces that are up, but for loopback ones, in the system's order. */
  addresses(): readonly string[]
}

/** A record of DNS; names are without the dot at the end. */
export type DnsRecord =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'SRV'; readonly target: string; readonly port: number }
  | { readonly type: 'MX' | 'NS'; readonly target: string }

export type DnsRecordType = DnsRecord['type']

export interface Dns {
  /** Addresses of a host, as the operating system finds them. */
  lookup(host: string): Promise<readonly string[]>
  /**
   * Asks the name servers for records of exactly this name, without search domains. Empty: the name has none of this type.
   * undefined: the servers say that there is no such name. Rejects when no server gives an answer, or `signal` aborts.
   */
  resolve(name: string, type: DnsRecordType, signal?: AbortSignal): Promise<readonly DnsRecord[] | undefined>
}

export interface HttpRequest {
  readonly url: string
  readonly method?: string
  /** A name with several values is sent once for each. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: Uint8Array | string
  readonly signal?: AbortSignal
  /** The most time until the head, and between two parts of the body. Default 30 s. */
  readonly timeoutMs?: number
  /** A longer body is an error. Default 64 MiB. */
  readonly bodyBytesMax?: number
  /** Requests with the same object share connections. */
  readonly transport?: HttpTransport
}

/** How a server is reached. */
export interface HttpTransport {
  /** For https URLs. */
  readonly tls?: TlsOptions
  /** HTTP/2 with servers that want it. */
  readonly http2?: boolean
  readonly proxy?: ProxyServer
  /** A socket of the file system that is asked instead of the host of the URL. */
  readonly socketPath?: string
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** A response whose body is still coming. */
export interface HttpStream {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** To be iterated once; leaving the iteration ends the connection. Rejects on a transport failure, a timeout and an abort. */
  readonly body: AsyncIterable<Uint8Array>
}

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void

export interface HttpListenOptions {
  readonly host: string
  readonly port: number
  /** A connection beyond this is closed at once. Default: no limit. */
  readonly connectionsMax?: number
  /** The most time a request may take to arrive, and a connection may stay idle. Default: Node's. */
  readonly readTimeoutMs?: number
  /** Present: TLS. */
  readonly tls?: TlsListening
}

/** How a listener speaks TLS. */
export interface TlsListening {
  /** Asked for every connection; another object than the last time replaces what was, for new connections. */
  options(): TlsServerOptions
  /** A connection that came to nothing: the handshake failed, or the client's certificate does not do. */
  refused(client: string, reason: string): void
}

export interface TlsServerOptions {
  /** Certificate, key, authorities of clients, versions, ciphers, curves. */
  readonly context: SecureContextOptions
  readonly clientCertificate: ClientCertificatePolicy
  /** One of these must be a subject alternative name of the client's certificate. */
  readonly clientAllowedSans: readonly string[] | undefined
}

/** What is asked of clients, under Go's names. Source: crypto/tls, ClientAuthType. */
export type ClientCertificatePolicy =
  | 'NoClientCert'
  | 'RequestClientCert'
  | 'RequireAnyClientCert'
  | 'VerifyClientCertIfGiven'
  | 'RequireAndVerifyClientCert'

export interface Passwords {
  /** Whether a bcrypt hash ($2a$, $2b$ or $2y$) is that of the password. Takes a tenth of a second and more, one after the other, off the event loop. */
  matchesBcrypt(password: string, hash: string): Promise<boolean>
}

export interface HttpListener {
  readonly host: string
  readonly port: number
  /** Stops accepting, ends idle connections, waits for running requests up to `graceMs`, then cuts them. */
  close(graceMs: number): Promise<void>
}

export interface Http {
  /** A plain client for everything that is not the scrape path. Any status resolves; only transport failures reject. */
  request(request: HttpRequest): Promise<HttpResponse>
  /** As `request`, for an answer that comes bit by bit and may have no end; `bodyBytesMax` does not hold. */
  stream(request: HttpRequest): Promise<HttpStream>
  listen(options: HttpListenOptions, handler: HttpHandler): Promise<HttpListener>
}

export interface ChildExit {
  readonly code: number | null
  readonly signal: string | null
}

/** A process we started, detached into its own process group, with a stop channel: closing it asks the child to stop. */
export interface Child {
  readonly pid: number
  readonly exited: Promise<ChildExit>
  /** Asks for a clean stop by closing the channel that the child watches; the child also stops when this process vanishes. */
  stop(): void
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGHUP'): void
}

export interface SpawnOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly variables?: Readonly<Record<string, string>>
  /** A line of the child's stdout or stderr, without its newline. */
  onLine(line: string, stream: 'out' | 'err'): void
}

export interface Spawner {
  start(options: SpawnOptions): Child
}

/** A file of ours that runs in a thread of its own: it takes messages of one type and sends those of another. */
export interface ThreadEntry<Taken, Sent> {
  /** Below the program's directory and without its suffix, as `roles/query-worker`. */
  readonly file: string
  /** Whether all others of the machine go before it. */
  readonly isBackground?: boolean
  /** The same file for those who run it in this thread. */
  load(): Promise<{ readonly runThread: ThreadMain<Taken, Sent> }>
}

/** What a thread does until the promise settles, or until it is terminated. */
export type ThreadMain<Taken, Sent> = (port: ThreadPort<Sent, Taken>, env: ThreadEnv) => Promise<void>

/** What a thread has of an Env. Its log is that of who started it. */
export type ThreadEnv = Pick<Env, 'clock' | 'random' | 'fs' | 'log'>

/** One end of the messages between a thread and who started it. They arrive in order, as structured clones: shared memory is shared, classes are lost. */
export interface ThreadPort<Sent, Taken> {
  /** Buffers in `transfer` are moved: the sender has them no more. */
  post(message: Sent, transfer?: readonly ArrayBuffer[]): void
  /** What came before is kept until this is called. */
  onMessage(handler: (message: Taken) => void): void
}

export interface Thread<Sent, Taken> extends ThreadPort<Sent, Taken> {
  /** When it has ended; with the reason unless it was done, or terminated. Never rejects. */
  readonly exited: Promise<Error | undefined>
  /** Ends it wherever it is, also within a loop. Nothing comes from it any more; what it had open is closed. */
  terminate(): void
}

export interface Threads {
  start<Taken, Sent>(entry: ThreadEntry<Taken, Sent>): Thread<Taken, Sent>
}
