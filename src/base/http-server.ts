import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { type Address, formatAddress, listenFault } from './address.ts'
import type { Env, HttpHandler, HttpListener } from './env.ts'
import { errorMessage } from './errors.ts'
import { type Service, untilAborted } from './service.ts'

export interface HttpServiceOptions {
  readonly env: Env
  /** Who listens, as the error of a busy port says it. */
  readonly role: string
  /** The flag that gave the address. */
  readonly flag: string
  readonly addresses: readonly Address[]
  readonly connectionsMax?: number
  readonly readTimeoutMs?: number
  /** How long running requests may go on after the stop. */
  readonly graceMs: number
  /** Adds the routes. */
  register(app: FastifyInstance): void | Promise<void>
  /** Told where it listens, in the order of the addresses, before it is ready. */
  onListening?(listeners: readonly HttpListener[]): void
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

/** Serves an app at all of its addresses until it is told to stop. A busy port is an error with address, role and flag. */
export function httpService(options: HttpServiceOptions): Service {
  return {
    name: 'http server',
    async run(signal, ready) {
      const app = createHttpApp()
      await options.register(app)
      await app.ready()
      const handler: HttpHandler = (request, response) => app.routing(request, response)
      const listeners: HttpListener[] = []
      try {
        for (const address of options.addresses) listeners.push(await listen(options, address, handler))
        options.onListening?.(listeners)
        ready()
        await untilAborted(signal)
      } finally {
        await Promise.all(listeners.map((listener) => listener.close(options.graceMs)))
        await app.close()
      }
    },
  }
}

async function listen(
  { env, role, flag, connectionsMax, readTimeoutMs }: HttpServiceOptions,
  address: Address,
  handler: HttpHandler,
): Promise<HttpListener> {
  try {
    const listener = await env.http.listen({ ...address, connectionsMax, readTimeoutMs }, handler)
    env.log.info('listening', { address: formatAddress(listener), role })
    return listener
  } catch (cause) {
    throw new Error(`listen on ${formatAddress(address)} (${role}, ${flag}): ${listenFault(cause) ?? errorMessage(cause)}`)
  }
}
