/** A state that all members of a cluster come to share; merging is commutative, associative and idempotent. */
export interface ReplicatedState {
  /** Names it on the wire: upstream's `nfl` (notification log) and `sil` (silences). */
  readonly key: string
  /** All of it, encoded, for a full exchange with a member; empty: it takes no part in those. */
  snapshot(): Uint8Array
  /** Takes what another member has: what of it was new here is to be told further, encoded; null: nothing was. What cannot be read is passed over, or throws. */
  merge(remote: Uint8Array): Uint8Array | null
}

/** Spreads changes of one state. */
export interface Channel {
  broadcast(update: Uint8Array): void
}

/** What the rest of the program sees of a cluster; a member on its own has position 0 and is settled at once. */
export interface ClusterView {
  addState(state: ReplicatedState): Channel
  /** Its place among the living members in order of their names, from 0. */
  position(): number
  /** Resolves when membership has stopped changing, or upstream's settle timeout is over. */
  settled(): Promise<void>
  isSettled(): boolean
  status(): ClusterStatus
  /** Whether there are others, and this member and all of them have a feature; what they have they say as they join. */
  allHave(feature: ClusterFeature): boolean
  /** Whether a member of this name lives. */
  hasMember(name: string): boolean
}

/** What members of ours can and upstream's cannot. */
export type ClusterFeature = 'claims'

export interface ClusterStatus {
  /** As in the API: `disabled` without a cluster. */
  readonly status: 'ready' | 'settling' | 'disabled'
  readonly name: string
  readonly peers: readonly { readonly name: string; readonly address: string }[]
}
