/**
 * What travels: every message and call of the API as a record, generated from the server's table of routes, and how they
 * become JSON. A component that is null or an empty list is absent. Times are milliseconds since 1970-01-01 UTC.
 */
package clew.client.wire;
