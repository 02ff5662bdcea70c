/** The client of a Clew tracking server; {@link clew.client.ClewClient} is where one begins. */
package clew.client;
