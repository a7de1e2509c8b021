import { matchRoutes, type Route } from '../alertmanager/dispatch/route.ts'
import { formatMatchers, matchesAll } from '../alertmanager/label-matcher.ts'
import type { Labels } from '../model/labels.ts'

// Routing trees drawn as amtool draws them. Source: Alertmanager cli/routing.go; xlab/treeprint.

interface Branch {
  readonly text: string
  readonly branches: readonly Branch[]
}

/** The whole tree. */
export function routeTree(root: Route): string {
  return draw(wholeBranch(root))
}

/** Of the tree what takes an alert, with the receivers where it ends. */
export function matchingTree(root: Route, labels: Labels): string {
  return draw(matchingBranch(root, labels))
}

/** Receivers in the order of the tree. */
export function receiversOf(root: Route, labels: Labels): string {
  return matchRoutes(root, labels)
    .map(({ receiver }) => receiver)
    .join(',')
}

function wholeBranch(route: Route): Branch {
  const parts = [matchersText(route), ...(route.continues ? ['continue: true'] : []), `receiver: ${route.receiver}`]
  return { text: parts.join('  '), branches: route.routes.map(wholeBranch) }
}

function matchingBranch(route: Route, labels: Labels): Branch {
  const branches: Branch[] = []
  for (const child of route.routes) {
    if (!matchesAll(child.matchers, labels)) continue
    branches.push(matchingBranch(child, labels))
    if (!child.continues) break
  }
  const text = matchersText(route)
  return { text: branches.length === 0 ? `${text}  receiver: ${route.receiver}` : text, branches }
}

function matchersText({ matchers }: Route): string {
  return matchers.length === 0 ? 'default-route' : formatMatchers(matchers)
}

function draw(root: Branch): string {
  const lines = ['.']
  const add = ({ text, branches }: Branch, prefix: string, isLast: boolean): void => {
    lines.push(`${prefix}${isLast ? '└── ' : '├── '}${text}`)
    branches.forEach((branch, index) => {
      add(branch, `${prefix}${isLast ? '    ' : '│   '}`, index === branches.length - 1)
    })
  }
  add(root, '', true)
  return lines.join('\n')
}
