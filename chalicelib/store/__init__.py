"""DynamoDB: one table. Most of its items are facts that are written once and then only read.

| partition | sort | content | module |
|---|---|---|---|
| `PHONE#<digits>` | `SID#<sid>` | a message that Tencent accepted; its receipt is added once | messages |
| `PHONE#<digits>` | `REFUSED#<bizId>#<position>` | a refused recipient, and the receipt that says why | messages |
| `PHONE#<digits>` | `UNKNOWN#<bizId>#<position>` | a send whose outcome is unknown | messages |
| `OUT#<outId>` | `REQUEST#<bizId>` | an accepted request | send_requests |
| `OUT#<outId>` | `FILE#<bizId>` | the file of a request, and how far it has been read; updated at each step | files |
| `OUT#<outId>` | `CHUNK#<bizId>#<start>#PLAN` | the plan of a chunk: calls and refused recipients | chunks, plans |
| `OUT#<outId>` | `CHUNK#<bizId>#<start>#CLAIM#<attempt>` | the right to send a chunk, given once per attempt | chunks |
| `OUT#<outId>` | `CHUNK#<bizId>#<start>#RESULT#<attempt>` | the outcomes of an attempt | chunks |
| `OUT#<outId>` | `PUSHED#<bizId>#!<n>` | positions whose receipts Quick Audience accepted, and their number | pushed |
| `OUT#<outId>` | `PUSHED_SET#<bizId>` | the set of these positions, saved from time to time | pushed |
| `OUT#<outId>` | `DETAIL#<bizId>#<n>` | the log of final states: rows from n on, and their tally | final_state_log |
| `OUT#<outId>` | `DETAILS#<bizId>` | the number of rows in that log, and the tally of all | final_state_log |
| `OUT#<outId>` | `SENT#<bizId>#<n>` | attempts that have a result, and what all up to here sent | send_chain |
| `OUT#<outId>` | `HALT#<bizId>` | whether a request is paused or stopped, and for what failures | halts |
| `OUT#<outId>` | `REPLY#<digest>` | a mobile-originated reply | replies |
| `OUT#<outId>` | `REPLIES#<day>` | the number of replies that were stored on a day (Beijing time) | replies |
| `OUT#<outId>` | `RESENDS` | which resend of a campaign may be accepted, and which is not queued completely | resends |
| `DUE#<hour>` | `<bizId>#<start>` | a chunk that is due to be closed in that hour | due_chunks |
| `OUT#<outId>` | `COUNTED#<bizId>` | the mark that a request was counted towards the daily limit | daily_counts |
| `CAMPAIGNS#<day>` | `<acceptedAt>#<bizId>` | an accepted request, by day (Beijing time) | campaign_list |
| `ACCEPTED#<day>` | `-` | recipients accepted on a day (Beijing time), towards the daily limit | daily_counts |
| `SUBMISSION#<digest>` | `-` | the bizId that the content of a request was given | submissions |
| `TEMPLATE#<code>` | `REVISION#<n>` | a revision of a template | templates |
| `TEMPLATE#<code>` | `DELETED` | the mark of a deleted template | templates |
| `TEMPLATE_SUBMISSION#<digest>` | `-` | a submission whose answer is not known yet | template_submissions |
| `PAGE#<code>` | `-` | the content of a digital message's page | pages |
| `SIGN#<name>` | `-` | a sign and its id at Tencent | signs |
| `SIGN_LIST` | `-` | the account's signs as Tencent last listed them (API 3.0) | sign_list |
| `TEMPLATES`, `SIGNS` | code, name | the lists of all codes and names | templates, signs |
| `NONCE#<digest>` | `-` | a nonce that was used, and the answer to its request | nonces |
| `PARKED#<day>` | `<digits>#<digest>` | a status or reply that belongs to no message of the bridge | messages |
| `PULLED` | `<epoch>#<token>` | what was pulled from Tencent and could not be queued yet | pulled |
| `BREAKER` | side | whether calls to a side are stopped, and when it is probed next | breakers |
| `HALTS` | `<bizId>` | a request that is paused, or whose halt changed a short time ago | halts |
| `NOT_TAKEN` | `<digest>#<kind>#<name>` | a push that Quick Audience did not accept, and its answer | refused_pushes |
| `WAITING#<gate>` | `<due>#<name>` | a message of a queue that waits until a gate opens or its time comes | waiting |
| `LEASE` | name | which invocation of a schedule runs now | leases |
| `INQUIRED` | `<hour>` | how far Tencent was queried about the hour's messages without a receipt | inquiries |
| `AUDIT#<month>` | `<time>#<id>` | a command that changed something (Beijing time) | audit_log |
"""
