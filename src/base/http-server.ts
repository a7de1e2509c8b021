import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { HttpHandler } from './env.ts'
import { errorMessage } from './errors.ts'
import { type ListenOptions, listenService } from './http-listen.ts'
import type { Service } from './service.ts'

export interface HttpServiceOptions extends ListenOptions {
  /** Adds the routes. */
  register(app: FastifyInstance): void | Promise<void>
  /** What stands in front of all routes; default: nothing. */
  wrap?(open: HttpHandler): HttpHandler
}

/** Largest body where a route does not say otherwise: Go's limit of a form. */
const BODY_BYTES_MAX = 10 * 1024 * 1024

/** Our routes have none; what the framework would load to compile them takes as much code as all of ours. */
function noSchemas(): never {
  throw new Error('a route with a schema: found one, want none')
}

/** An app whose bodies are bytes and whose errors are upstream's plain texts. It opens no port itself. */
export function createHttpApp(): FastifyInstance {
  const app = fastify({
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
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

/** Serves an app at all of its addresses until it is told to stop. */
export function httpService(options: HttpServiceOptions): Service {
  return {
    name: 'http server',
    async run(signal, ready) {
      const app = createHttpApp()
      await options.register(app)
      await app.ready()
      try {
        const open: HttpHandler = (request, response) => app.routing(request, response)
        await listenService(options, options.wrap?.(open) ?? open).run(signal, ready)
      } finally {
        await app.close()
      }
    },
  }
}
