"""The overlay: what we know of an API that its spec doesn't say, or says wrong.

Before: a person (or `provider build`'s report) finds out; this file is written by hand, reviewed in diffs.
After: `authoring.build` lays it over what `authoring.infer` found. What it names wins over any inference, and
every key must be one of these and fit the spec, else CatalogError: an overlay can't rot silently.

It is a YAML 1.2 mapping of up to four sections, each of them optional:

    provider:                           # facts of the vendor as a whole
      title: Okta
      version: 2026.06.3                # default: the first spec's info.version
      server:
        url: https://{subdomain}.okta.com
        variables:                      # one for each {variable} of the URL
          subdomain: {env: OKTA_SUBDOMAIN}
          site: {env: DD_SITE, default: datadoghq.com, enum: [datadoghq.com, us3.datadoghq.com]}
        domains: [okta.com, oktapreview.com]    # suffixes a host must have; the value may spell one out
      credentials:                      # the headers of the token sign-in, all of them are sent
        - {header: Authorization, prefix: "SSWS ", env: OKTA_API_TOKEN}
      request_id_header: x-okta-request-id

    services:                           # by service
      iam: {title: Identity and access}         # default: from the name

    resources:                          # by service.resource
      iam.roles: {title: Custom roles}          # default: from the name

    operations:                         # by method and path template, as in the specs; all keys optional
      GET /api/v1/users/{id}/groups:
        # --- the answer
        status: 200                     # of success
        media_type: application/json
        schema: Group                   # of the body: a name under components/schemas
        rows: $.data                    # where rows are: `$` the body itself, `$.a.b`, `$.a.*` each member of a;
                                        #   a list there is one row an item, an object one row
        map_key: name                   # rows are the members of the object at `rows`: column for their keys
        scalar: value                   # rows are bare strings or numbers: the column that holds them
        flatten: jsonapi                # or `none`: columns out of `attributes`
        columns:                        # columns added or corrected, by name; null takes one away
          secret_key: {secret: true}
          teams: {type: array, path: [relationships, teams]}
          # keys: type path format enum nullable read_only write_only required secret hidden
        # --- paging: `none`, or the whole of it (nothing of what was inferred is kept)
        pagination:
          style: cursor                 # none link next_url cursor page offset
          token_param: page[cursor]     # wire name; with `token_in: body` a dotted path in the body
          token_in: query               # query (default) or body
          token_path: $.meta.page.after # of the cursor, or of the URL for next_url
          size_param: page[limit]       # size_max, size_default: from the parameter's schema unless said
          size_max: 1000
          size_default: 10
          first: 0                      # number of the first page, offset of the first row
          step: rows                    # offset counts rows, or `pages` of the page size
          more_path: $.meta.more        # a boolean: does more follow
          total_path: $.meta.page.total
        # --- parameters; keys are WIRE names, but see `rename`
        rename: {id: userId}            # its name in SQL
        item_key: {apiServiceId: id}    # path parameter that names the row itself: the row's column
        echo: {userId: userId}          # parameter whose value each row repeats: the row's column;
                                        #   item_key and echo: null after the colon undoes what was inferred
        parents: {appId: okta.apps.applications.id}     # whose column fills it when unbound; null undoes
        matches: {name: superset}       # optional parameter with a column's name: exact, superset or other
        roles: {limit: size}            # cursor, offset, page, size, or null for none
        parameters:                     # corrections; a wire name that the spec lacks adds one (needs `location`)
          api-version: {location: query, required: true, type: string, default: "2"}
          # keys: location type item_type required format enum style explode default
        # --- the body that it takes: `none`, or some of these
        body: {schema: Group, media_type: application/json, required: true,
               envelope: [data, attributes], constants: {data.type: okta-accounts}}
        # --- who may
        permissions: [integrations_read]        # instead of the spec's
        scopes: [okta.users.read]
        lifecycle: beta                 # ga beta ea deprecated
        server: {url: "https://logs.{site}"}    # as in provider.server; variables default to the provider's

    schemas:                            # by name: laid over the spec's schema, properties one by one
      OktaAccountAttributes:
        properties:
          client_secret: {secret: true, write_only: true}
          # keys as in the record Schema (`catalog.model`), except that properties, items, additional nest;
          # null takes a property away

Paths are `$`, `$.key`, `$.key.key`; a key that holds a dot is written in a list: `[a.b, c]`.
"""
