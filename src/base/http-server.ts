import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { Env, HttpListener } from './env.ts'
import { errorMessage } from './errors.ts'
import type { Service } from './service.ts'

export interface HttpServiceOptions {
  readonly env: Env
  /** Who listens, as the error of a busy port says it. */
  readonly role: string
  /** The flag that gave the address. */
  readonly flag: string
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly connectionsMax?: number
  readonly readTimeoutMs?: number
  /** How long running requests may go on after the stop. */
  readonly graceMs: number
  /** Adds the routes. */
  register(app: FastifyInstance): void | Promise<void>
  /** Told where it listens, before it is ready. */
  onListening?(listener: HttpListener): void
}

/** Largest body where a route does not say otherwise: Go's limit of a form. */
const BODY_BYTES_MAX = 10 * 1024 * 1024

/** An app whose bodies are bytes and whose errors are upstream's plain texts. It opens no port itself. */
export function createHttpApp(): FastifyInstance {
  const app = fastify({
    exposeHeadRoutes: false,
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: 16 * 1024 },
    forceCloseConnections: false,
    frameworkErrors: (error, _request, reply) =>
      plainError(reply as FastifyReply, error.code === 'FST_ERR_BAD_URL' ? 400 : 500, error.message),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setNotFoundHandler((_request, reply) => plainError(reply, 404, '404 page not found'))
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) =>
    plainError(
      reply,
      error.statusCode ?? 500,
      error.code === 'FST_ERR_CTP_BODY_TOO_LARGE' ? 'http: request body too large' : errorMessage(error),
    ),
  )
  return app
}

function plainError(reply: FastifyReply, status: number, text: string): void {
  void reply.code(status).type('text/plain; charset=utf-8').header('x-content-type-options', 'nosniff').send(`${text}\n`)
}

/** Serves an app at an address until it is told to stop. A busy port is an error with address, role and flag. */
export function httpService(options: HttpServiceOptions): Service {
  const { env, host, port } = options
  return {
    name: 'http server',
    async run(signal, ready) {
      const app = createHttpApp()
      await options.register(app)
      await app.ready()
      let listener: HttpListener
      try {
        listener = await env.http.listen(
          { host, port, connectionsMax: options.connectionsMax, readTimeoutMs: options.readTimeoutMs },
          (request, response) => app.routing(request, response),
        )
      } catch (cause) {
        await app.close()
        throw new Error(`listen on ${formatAddress(host, port)} (${options.role}, ${options.flag}): ${listenFault(cause)}`, { cause })
      }
      env.log.info('listening', { address: formatAddress(listener.host, listener.port), role: options.role })
      options.onListening?.(listener)
      ready()
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      })
      await listener.close(options.graceMs)
      await app.close()
    },
  }
}

/** `host:port`, an IPv6 host in brackets. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function listenFault(cause: unknown): string {
  switch ((cause as { code?: string }).code) {
    case 'EADDRINUSE':
      return 'address already in use'
    case 'EACCES':
      return 'permission denied'
    case 'EADDRNOTAVAIL':
      return 'this machine does not have the address'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'host not found'
    default:
      return errorMessage(cause)
  }
}
