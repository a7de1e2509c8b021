import type { Method, RouteHandler, Routes } from '../base/http-routes.ts'
import { failureAnswer } from './json/envelope.ts'

/** Endpoints of upstream that we do not have yet. Source: Prometheus web/api/v1/api.go, Register. */
const NOT_BUILT: readonly (readonly [string, readonly Method[]])[] = [['/api/v1/read', ['POST']]]

/** Answers them so that nobody takes them for an empty result or a typing error. */
export function addNotBuiltRoutes(routes: Routes): void {
  for (const [path, methods] of NOT_BUILT) {
    const handler: RouteHandler = () => failureAnswer(501, 'unavailable', `${path} is not built yet`)
    routes.add(path, Object.fromEntries(methods.map((method) => [method, handler])))
  }
}
