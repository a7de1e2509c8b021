import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { QueryPage } from '../query/page.tsx'
import { basePath } from './base-path.ts'
import { CrashPage, NotFoundPage } from './fallback-pages.tsx'
import { Shell } from './shell.tsx'

/** Search parameters stay the plain strings they are in the URL: their names and values are upstream's, not JSON. */
type Search = Readonly<Record<string, string>>

const keepSearch = (search: Record<string, unknown>): Search =>
  Object.fromEntries(Object.entries(search).map(([name, value]) => [name, String(value)]))

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage, errorComponent: CrashPage })

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: keepSearch,
  beforeLoad: ({ search }) => {
    throw redirect({ to: '/query', search, replace: true })
  },
})

const queryRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/query',
  validateSearch: keepSearch,
  component: QueryPage,
})

/** Where alerts sent by upstream, and by us, point their generatorURL. */
const graphRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/graph',
  validateSearch: keepSearch,
  beforeLoad: ({ search }) => {
    throw redirect({ to: '/query', search, replace: true })
  },
})

const alertsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/alerts',
  validateSearch: keepSearch,
  component: lazyRouteComponent(() => import('../rules/alerts-page.tsx'), 'AlertsPage'),
})

const rulesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/rules',
  validateSearch: keepSearch,
  component: lazyRouteComponent(() => import('../rules/rules-page.tsx'), 'RulesPage'),
})

const alertmanagersRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/alertmanager-discovery',
  component: lazyRouteComponent(() => import('../rules/alertmanagers-page.tsx'), 'AlertmanagersPage'),
})

const targetsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/targets',
  validateSearch: keepSearch,
  component: lazyRouteComponent(() => import('../targets/page.tsx'), 'TargetsPage'),
})

const discoveryRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/service-discovery',
  validateSearch: keepSearch,
  component: lazyRouteComponent(() => import('../discovery/page.tsx'), 'DiscoveryPage'),
})

const tsdbRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/tsdb-status',
  validateSearch: keepSearch,
  component: lazyRouteComponent(() => import('../status/tsdb-page.tsx'), 'TsdbPage'),
})

const budgetsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/budgets',
  component: lazyRouteComponent(() => import('../status/budgets-page.tsx'), 'BudgetsPage'),
})

const configRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/config',
  component: lazyRouteComponent(() => import('../status/config-page.tsx'), 'ConfigPage'),
})

const flagsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/flags',
  validateSearch: keepSearch,
  component: lazyRouteComponent(() => import('../status/flags-page.tsx'), 'FlagsPage'),
})

const statusRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/status',
  component: lazyRouteComponent(() => import('../status/runtime-page.tsx'), 'RuntimePage'),
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    indexRoute,
    queryRoute,
    graphRoute,
    alertsRoute,
    rulesRoute,
    alertmanagersRoute,
    targetsRoute,
    discoveryRoute,
    tsdbRoute,
    budgetsRoute,
    configRoute,
    flagsRoute,
    statusRoute,
  ]),
  basepath: basePath,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Record<string, string>).toString()
    return text === '' ? '' : `?${text}`
  },
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
