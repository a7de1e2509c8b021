/** How requests say who they are to Azure's monitoring. Plain data. */
export interface AzureAdConfig {
  /** Of the token server, without a slash at its end. */
  readonly authority: string
  readonly scope: string
  readonly credential: AzureCredential
}

export type AzureCredential =
  | { readonly kind: 'secret'; readonly tenantId: string; readonly clientId: string; readonly clientSecret: string }
  | { readonly kind: 'federated'; readonly tenantId: string; readonly clientId: string; readonly tokenFile: string }
  | AzureCertificate
  /** `clientId` empty: the identity of the machine itself. */
  | { readonly kind: 'managed'; readonly clientId: string; readonly endpoint: ManagedEndpoint }

/** Files in PEM form. */
export interface AzureCertificate {
  readonly kind: 'certificate'
  readonly tenantId: string
  readonly clientId: string
  readonly certificateFile: string
  /** The same file where the key is in it. */
  readonly keyFile: string
  readonly password: string
  readonly sendsChain: boolean
}

/** Who gives tokens of the machine's identity. */
export interface ManagedEndpoint {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly apiVersion: string
}
