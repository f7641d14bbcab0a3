"""The HTTP API: other software of the hospital books through it, on the same data and by the same rules as the chat.

    app         puts it together
    desk        what a route works with: one transaction, slow work, mail
    caller      who asks, by bearer token; a request that names itself is answered once
    tokens      the tokens
    bodies      what is sent and answered, as OpenAPI says it
    problems    refusals as problem details
    quotas  guards    how much, how long, how often
    people  visits  doctors  watch    the routes

A route parses, calls services, and says what came of it; it knows no rule.
"""
