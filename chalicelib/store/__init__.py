"""DynamoDB: one table, whose items are facts that are written once and then read.

| partition | sort | what | module |
|---|---|---|---|
| `PHONE#<digits>` | `SID#<sid>` | a message that Tencent took; written again once, with its receipt | messages |
| `PHONE#<digits>` | `REFUSED#<bizId>#<position>` | a recipient who got none, and why | messages |
| `PHONE#<digits>` | `UNKNOWN#<bizId>#<position>` | a send of which nobody knows the outcome | messages |
| `OUT#<outId>` | `REQUEST#<bizId>` | an accepted request | campaigns |
| `OUT#<outId>` | `FILE#<bizId>` | a request's file and how far it is read; written at each step | files |
| `OUT#<outId>` | `CHUNK#<bizId>#<start>#PLAN` | who gets what | campaigns, plans |
| `OUT#<outId>` | `CHUNK#<bizId>#<start>#CLAIM#<attempt>` | the right to send it, given once | campaigns |
| `OUT#<outId>` | `CHUNK#<bizId>#<start>#RESULT#<attempt>` | what Tencent answered | campaigns |
| `OUT#<outId>` | `PUSHED#<bizId>#<digest>` | positions whose receipts Quick Audience has | campaigns |
| `OUT#<outId>` | `DETAIL#<bizId>#<n>` | whose final state is known, in order: rows from n on | details |
| `OUT#<outId>` | `DETAILS#<bizId>` | how many such rows there are | details |
| `OUT#<outId>` | `REPLY#<digest>` | a mobile-originated reply | campaigns |
| `DUE#<hour>` | `<bizId>#<start>` | a chunk to be closed in that hour | campaigns |
| `SUBMISSION#<digest>` | `-` | the bizId given to a request's content | campaigns |
| `TEMPLATE#<code>` | `REVISION#<n>` | a template's revision | templates |
| `TEMPLATE#<code>` | `DELETED` | that it was deleted | templates |
| `PAGE#<code>` | `-` | what the page of a digital message shows | pages |
| `SIGN#<name>` | `-` | a sign and Tencent's id of it | signs |
| `TEMPLATES`, `SIGNS` | code, name | lists of all codes and names | templates, signs |
| `NONCE#<nonce>` | `-` | a nonce that was used, and the answer given | nonces |
| `PARKED#<day>` | `<digits>#<sid>` | a status or reply that belongs to nothing of ours | messages |
| `PULLED` | `<epoch>#<token>` | what was pulled from Tencent and could not be queued yet | pulled |
| `BREAKER` | side | whether a side is left alone for now, and when it is tried again | breakers |
| `INQUIRED` | `<hour>` | how far Tencent was asked about the hour's messages without a receipt | inquiries |
"""
