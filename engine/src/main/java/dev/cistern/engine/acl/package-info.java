/**
 * Access control: users, what each may do, and the log of who was refused.
 *
 * <p>{@link dev.cistern.engine.acl.Users} holds {@link dev.cistern.engine.acl.User}s; a user holds immutable
 * {@link dev.cistern.engine.acl.UserRules}, swapped whole when they change, so a check never sees half a change. Rules
 * are read by {@link dev.cistern.engine.acl.RuleReader} and told again in the original's normal form. The check of one
 * command is {@link dev.cistern.engine.acl.AccessCheck}; it costs nothing for a user who may do everything, and
 * allocates nothing for the others. {@link dev.cistern.engine.acl.LoginTokens} judges what some users show in place of a
 * password.
 */
@NullMarked
package dev.cistern.engine.acl;

import org.jspecify.annotations.NullMarked;
