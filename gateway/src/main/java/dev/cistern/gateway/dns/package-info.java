/**
 * A DNS server for the names of endpoints: it knows one domain and answers with the address of whoever is there now. Not a
 * resolver: it asks nobody, and refuses what is outside its domain. One line at another DNS delegates the domain to it.
 */
@NullMarked
package dev.cistern.gateway.dns;

import org.jspecify.annotations.NullMarked;
