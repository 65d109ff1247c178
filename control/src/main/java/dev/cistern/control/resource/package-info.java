/**
 * What the control plane keeps: cache clusters, replication groups, their nodes, parameter groups, users and user groups,
 * subnet groups, events and tags, and the catalogues that AWS publishes (node types, engine versions, parameters).
 *
 * <p>Goal: each is an immutable record that knows its rules and its table. Not here: who may change it when, and the shapes
 * that AWS answers. No thread of its own.
 */
@NullMarked
package dev.cistern.control.resource;

import org.jspecify.annotations.NullMarked;
