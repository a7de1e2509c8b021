import { foldConstants } from './fold-constants.ts'
import { hoistInvariants } from './hoist-invariants.ts'
import { loosenOrder } from './loosen-order.ts'
import { mergeMatchers } from './merge-matchers.ts'
import type { Optimiser, Plan } from './plan.ts'
import { projectLabels } from './project-labels.ts'
import { pushMatchers } from './push-matchers.ts'
import { shareCommon } from './share-common.ts'

/** In this order: what is pushed is merged with what is there; sharing sees what the others have made equal; what is shared may be looked at as a whole elsewhere. */
export const OPTIMISERS: readonly Optimiser[] = [
  foldConstants,
  pushMatchers,
  mergeMatchers,
  hoistInvariants,
  shareCommon,
  projectLabels,
  loosenOrder,
]

export function optimise(plan: Plan): Plan {
  return OPTIMISERS.reduce((changed, optimiser) => optimiser(changed), plan)
}
