# METADATA
# title: Tenants at the edge cache
package intelgraph.edge

# METADATA
# title: A cached answer reaches only the tenant that it was made for
# description: True only where both tenants are the same non-empty string.
# custom:
#   id: allow
#   severity: critical
#   remediation: Put the tenant of the authenticated request into the cache key, and purge the entry.
default allow := false

allow if tenants_match

default suspicious_leak := false

# Also where a tenant is missing, null, empty or no string: silence would be the leak.
suspicious_leak if not tenants_match

tenants_match if same_tenant(input.cache_key.tenant, input.request.tenant)

same_tenant(cached, asking) if {
	is_string(cached)
	trim(cached, " ") != ""
	cached == asking
}
