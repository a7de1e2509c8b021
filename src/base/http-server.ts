import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HttpHandler } from './env.ts'
import { NO_BODY } from './http-answer.ts'
import { readBody } from './http-body.ts'
import { type ListenOptions, listenService } from './http-listen.ts'
import { PathTree } from './http-paths.ts'
import type { Service } from './service.ts'

export interface HttpServiceOptions extends ListenOptions {
  /** Adds the routes. */
  register(app: HttpApp): void
  /** What stands in front of all routes; default: nothing. */
  wrap?(open: HttpHandler): HttpHandler
}

/** Largest body where a route does not say otherwise: Go's limit of a form. */
const BODY_BYTES_MAX = 10 * 1024 * 1024

/** A request that was received whole. */
export interface ReceivedRequest {
  readonly message: IncomingMessage
  /** Named parts of the path. */
  readonly params: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface HttpRoute {
  readonly methods: ReadonlySet<string>
  readonly bodyBytesMax: number | undefined
  /** Answers, and never rejects. */
  serve(request: ReceivedRequest, response: ServerResponse): Promise<void>
}

/** Routes by path, whose bodies are bytes; errors are upstream's plain texts. It opens no port itself. */
export class HttpApp {
  readonly #routes = new PathTree<HttpRoute>()

  add(pattern: string, route: HttpRoute): void {
    this.#routes.add(pattern, route)
  }

  readonly handle: HttpHandler = (request, response) => void this.#handle(request, response)

  async #handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '/', method = 'GET' } = message
    const path = pathOf(url)
    let found: ReturnType<PathTree<HttpRoute>['find']>
    try {
      found = this.#routes.find(path)
    } catch {
      return plainError(response, 400, `'${path}' is not a valid url component`)
    }
    if (!found?.value.methods.has(method)) return plainError(response, 404, '404 page not found')
    const { value: route, params } = found
    const body = method === 'GET' || method === 'HEAD' ? NO_BODY : await readBody(message, route.bodyBytesMax ?? BODY_BYTES_MAX)
    if (response.writableEnded) {
      // Whoever limits the time of requests has answered that nothing came of it; what is too large is not read to its end.
      if (body === 'too large') message.destroy()
    } else if (body === 'lost') {
      response.destroy()
    } else if (body === 'too large') {
      // Who goes on sending would be read to the end otherwise.
      response.setHeader('connection', 'close')
      plainError(response, 413, 'http: request body too large')
    } else await route.serve({ message, params, body }, response)
  }
}

/** Of what was asked for, which is a whole URL where we are taken for a proxy. */
export function pathOf(url: string): string {
  const target = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/]*/i, '')
  const cut = target.search(/[?#]/)
  return cut < 0 ? target : target.slice(0, cut)
}

function plainError(response: ServerResponse, status: number, text: string): void {
  // Whoever limits the time of requests may have answered.
  if (response.headersSent) return
  response.statusCode = status
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.setHeader('x-content-type-options', 'nosniff')
  response.end(`${text}\n`)
}

/** Serves an app at all of its addresses until it is told to stop. */
export function httpService(options: HttpServiceOptions): Service {
  const app = new HttpApp()
  return {
    name: 'http server',
    async run(signal, ready) {
      options.register(app)
      await listenService(options, options.wrap?.(app.handle) ?? app.handle).run(signal, ready)
    },
  }
}
