"""What the reference says of things that have no docstring: routes, reasons, files of a home."""

SYSTEM_SAYS = {
    "infra": "jobs, runs and the machines they run on",
    "data": "what comes in, what it touched, and how it leaves again",
    "vectors": "search, answers, what they are made of, and generations of the index",
    "models": "the injection detector's life",
    "guard": "users, keys, screening, the audit trail",
    "ledger": "the record itself, copies of the home, and its health",
}
ROUTE_SAYS = {
    "/v1/chat/completions": "A chat completion in OpenAI's shape, streamed too. The model `thruline` answers from the "
    "documents.",
    "/v1/embeddings": "Embeddings in OpenAI's shape, by the model that embeds the documents.",
    "/v1/rerank": "Documents of the caller's in the order in which they fit a query, as Cohere and Jina shape it.",
    "/v1/models": "The models that may be asked.",
    "/v1/models/{model:path}": "One of them.",
    "/mcp": "Model Context Protocol: the operations that the key may call, as tools.",
    "/openapi.json": "This API as an OpenAPI 3.1 document.",
    "/healthz": "`alive` while the process runs. No key.",
    "/readyz": "`ready` once the database answers. No key.",
    "/metrics": "Numbers in Prometheus's text format. A key, unless asked from this machine.",
    "/login": "Opens the console with the link that `thruline up` prints.",
}
REASON_SAYS = {
    "unreadable": "The file could not be opened; the next sync tries again.",
    "too_large": "Larger than `ingest.max_file`.",
    "unsupported_type": "No parser for this type of file.",
    "parser_failed": "The parser found it damaged.",
    "parser_timeout": "The parser took longer than `ingest.parser_timeout`.",
    "parser_memory": "The parser wanted more than `ingest.parser_memory`.",
    "locked": "A password is needed to open it.",
    "needs_ocr": "A picture of text, and the extra `ocr` is not installed, or its networks could not be fetched.",
    "empty": "No text in it.",
    "changed_while_read": "It was written to meanwhile; the next sync tries again.",
    "broken_row": "A row of a table that has no key, or other columns than the rest, or is not in the file's format.",
    "duplicate_key": "Another row has the same key.",
    "suppressed": "It names somebody who was erased.",
    "hidden_text": "It hides text that instructs.",
    "injection": "It speaks to an AI instead of a reader.",
    "poison": "It argues for dropping a protection.",
    "secret": "It holds a secret.",
    "operator": "A person took it out.",
    "restricted": "It names somebody the use of whose records is restricted (`restrict`).",
    "personal": "It holds a kind of personal data that its source does not let in (`block`).",
    "expired": "It was kept as long as its source allows (`keep`), and deleted.",
    "contract": "It breaks a rule of its source's contract.",
    "symlink": "A link, which a sync does not follow.",
    "ignored": "A dot file or dot folder.",
    "none": "Nothing is wrong with it.",
}
PLACE_SAYS = {
    "folder": "`/srv/wiki`: the files below a folder, local or mounted.",
    "rows": "`orders.csv`, `.tsv`, `.jsonl`, `.parquet`: each row of a file is a document.",
    "s3": "`s3://bucket/prefix`: the objects of a bucket. The secret is `ACCESS:SECRET`; without one it is read "
    "openly.",
    "git": "`git+https://…`, `git+ssh://…`, `git+file:///…`: the files of a repository. The secret is a token.",
    "dlt": "`dlt://package.module:function`: each row of a dlt resource is a document. The secret is what `secret_as` "
    "names.",
    "web": "`https://…`: a page, the pages of a sitemap, or those that it links to, as robots.txt allows.",
    "sql": "`postgresql://user@host/db`, `mysql://…`, `sqlite:///file`: each row of a table or query is a document. "
    "The secret is the password.",
    "mail": "`imaps://user@host/FOLDER`, `mbox:///file`: each message is a document. The secret is the password.",
}
FILE_SAYS = {
    "thruline.toml": "Your settings. Yours to write; it need not exist.",
    "format": "The number of the home's format. A thruline that knows only lower ones refuses to open it.",
    "thruline.db": "The ledger and all state, in SQLite. Not used with PostgreSQL.",
    "keys.db": "One data key for each owner, wrapped by the master key.",
    "keys/master.key": "Wraps every data key. Without it the rest is noise: keep a copy elsewhere.",
    "keys/signing.key": "Signs seals, receipts and models (Ed25519).",
    "blobs/": "Encrypted bytes that are too large for the database. Not used with S3.",
    "jobs/": "One folder for each job while it runs, with its log and status.",
    "snapshot": "What serves, sealed under a key of its own, so that the next process need not make it anew. "
    "Disposable: an erasure deletes it and its key.",
    "exports/": "Copies of what is held of a person. An erasure of that person deletes them.",
    "receipts/": "Signed receipts of erasures and corrections. They hold ids and numbers only.",
}
