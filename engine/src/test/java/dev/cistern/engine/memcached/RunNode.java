package dev.cistern.engine.memcached;
import dev.cistern.engine.network.*;
public class RunNode { public static void main(String[] a) throws Exception {
 EventLoops l=EventLoops.start(Transport.named("auto"), 2);
 MemcachedOptions o=MemcachedOptions.onPort("x", Integer.parseInt(a[0]));
 for (int i=1;i+1<a.length;i+=2) o=o.with(a[i],a[i+1]);
 MemcachedNode.start(o,l); Thread.sleep(3600_000);} }
