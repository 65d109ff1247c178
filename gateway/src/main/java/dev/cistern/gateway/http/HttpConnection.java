package dev.cistern.gateway.http;

import dev.cistern.gateway.wire.Defect;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection: collects a request, has it run, writes its answer, and only then reads the next.
 *
 * <p>Reading stops from a whole request to its answer ({@code FlowControlHandler} stands before this and keeps what was
 * decoded already), so a client that pipelines cannot pile up work. Every wait has a deadline. Runs on the event loop, except {@link #run}.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {

    private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);
    private static final long LINGER_MILLIS = 5000;
    private static final int BAD_REQUEST = 400;
    private static final int TOO_LARGE = 413;
    private static final int URI_TOO_LONG = 414;
    private static final int UNSUPPORTED_MEDIA_TYPE = 415;
    private static final int EXPECTATION_FAILED = 417;
    private static final int HEADERS_TOO_LARGE = 431;
    private static final int INTERNAL = 500;
    private static final int UNAVAILABLE = 503;

    private final HttpServer server;
    private final HttpLimits limits;

    private final ByteArrayOutputStream body = new ByteArrayOutputStream(0);
    private @Nullable HttpRequest head;
    private @Nullable Future<?> deadline;
    /** Which request is being served: an answer that comes after its time must not reach the next one. */
    private long turn;
    private boolean answering;
    private boolean lingering;

    HttpConnection(HttpServer server) {
        this.server = server;
        this.limits = server.limits();
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        awaitRequest(ctx);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        stopClock();
        server.releaseBody(body.size());
        body.reset();
        turn++;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            HttpObject part = (HttpObject) message;
            if (answering) {
                return;
            }
            if (part.decoderResult().isFailure()) {
                refuse(ctx, statusOf(part.decoderResult().cause()), "The request is not valid HTTP.");
            } else if (part instanceof HttpRequest request) {
                begin(ctx, request);
            } else if (part instanceof HttpContent content) {
                collect(ctx, content);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // A reset or a broken pipe: the client is gone, and nobody is left to tell.
        ctx.close();
    }

    /** Closes now if nothing runs here, else after the answer. */
    void drain(ChannelHandlerContext ctx) {
        if (lingering || (head == null && !answering)) {
            ctx.close();
        }
    }

    private void awaitRequest(ChannelHandlerContext ctx) {
        head = null;
        answering = false;
        if (server.isDraining()) {
            ctx.close();
            return;
        }
        startClock(ctx, limits.idleMillis(), ctx::close);
        ctx.channel().config().setAutoRead(true);
    }

    private void begin(ChannelHandlerContext ctx, HttpRequest request) {
        head = request;
        startClock(ctx, limits.bodyMillis(), ctx::close);
        String expect = request.headers().get(HttpHeaderNames.EXPECT);
        String coding = request.headers().get(HttpHeaderNames.CONTENT_ENCODING);
        if (HttpUtil.getContentLength(request, 0L) > limits.bodyBytes()) {
            refuse(ctx, TOO_LARGE, "The request is larger than " + limits.bodyBytes() + " bytes.");
        } else if (coding != null && !HttpHeaderValues.IDENTITY.contentEqualsIgnoreCase(coding)) {
            // Whatever is inflated here would have to be limited a second time, and nobody has to send it.
            refuse(ctx, UNSUPPORTED_MEDIA_TYPE, "A body is taken as it is, not encoded.");
        } else if (expect != null && !HttpHeaderValues.CONTINUE.contentEqualsIgnoreCase(expect)) {
            refuse(ctx, EXPECTATION_FAILED, "Only Expect: 100-continue is supported.");
        } else if (expect != null) {
            ctx.writeAndFlush(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
        }
    }

    private void collect(ChannelHandlerContext ctx, HttpContent content) {
        ByteBuf bytes = content.content();
        int count = bytes.readableBytes();
        if (body.size() + count > limits.bodyBytes()) {
            refuse(ctx, TOO_LARGE, "The request is larger than " + limits.bodyBytes() + " bytes.");
        } else if (!server.reserveBody(count)) {
            refuse(ctx, UNAVAILABLE, "Too many requests are being received.");
        } else {
            byte[] copy = new byte[count];
            bytes.readBytes(copy);
            body.writeBytes(copy);
            if (content instanceof LastHttpContent) {
                serve(ctx);
            }
        }
    }

    private void serve(ChannelHandlerContext ctx) {
        HttpRequest request = Objects.requireNonNull(head);
        WebRequest whole = new WebRequest(request.method().name(), request.uri(), request.headers(),
                body.toByteArray(), source(ctx));
        long thisTurn = turn;
        stopReading(ctx);
        if (!server.startRequest(() -> run(ctx, whole, thisTurn))) {
            answer(ctx, server.handler().refuse(UNAVAILABLE, "Too many requests are running."), thisTurn);
            return;
        }
        // Interrupting the request's thread instead would close the files of the state database under it.
        startClock(ctx, limits.requestMillis(), () -> answerAndClose(
                ctx, server.handler().refuse(UNAVAILABLE, "The request took too long."), thisTurn));
    }

    private static String source(ChannelHandlerContext ctx) {
        return ctx.channel().remoteAddress() instanceof InetSocketAddress peer && peer.getAddress() != null
                ? peer.getAddress().getHostAddress() + ":" + peer.getPort()
                : "";
    }

    /** On the request's own virtual thread. */
    private void run(ChannelHandlerContext ctx, WebRequest request, long thisTurn) {
        WebAnswer answer = handle(request);
        ctx.channel().eventLoop().execute(() -> answer(ctx, answer, thisTurn));
    }

    private WebAnswer handle(WebRequest request) {
        try {
            return server.handler().handle(request);
        } catch (RuntimeException | Error defect) {
            LOG.error("A request failed: {}", Defect.describe(defect));
            return server.handler().refuse(INTERNAL, "The request could not be handled.");
        }
    }

    private void refuse(ChannelHandlerContext ctx, int status, String reason) {
        stopReading(ctx);
        answerAndClose(ctx, server.handler().refuse(status, reason), turn);
    }

    private void stopReading(ChannelHandlerContext ctx) {
        answering = true;
        ctx.channel().config().setAutoRead(false);
    }

    private void answerAndClose(ChannelHandlerContext ctx, WebAnswer answer, long thisTurn) {
        write(ctx, answer, thisTurn, false);
    }

    private void answer(ChannelHandlerContext ctx, WebAnswer answer, long thisTurn) {
        HttpRequest request = head;
        write(ctx, answer, thisTurn, request != null && HttpUtil.isKeepAlive(request) && !server.isDraining());
    }

    private void write(ChannelHandlerContext ctx, WebAnswer answer, long thisTurn, boolean keepAlive) {
        if (thisTurn != turn) {
            return;
        }
        turn++;
        server.releaseBody(body.size());
        body.reset();
        startClock(ctx, limits.writeMillis(), ctx::close);
        var written = ctx.writeAndFlush(response(answer, keepAlive));
        if (keepAlive) {
            written.addListener((ChannelFutureListener) done -> {
                if (done.isSuccess()) {
                    awaitRequest(ctx);
                }
            });
        } else {
            written.addListener((ChannelFutureListener) done -> linger(ctx));
        }
    }

    /**
     * Ends our side and reads on without looking: closing at once would reset the connection, and a client that is still
     * sending would never see why.
     */
    private void linger(ChannelHandlerContext ctx) {
        lingering = true;
        startClock(ctx, LINGER_MILLIS, ctx::close);
        ((DuplexChannel) ctx.channel()).shutdownOutput();
        ctx.channel().config().setAutoRead(true);
    }

    private FullHttpResponse response(WebAnswer answer, boolean keepAlive) {
        boolean headOnly = head != null && HttpMethod.HEAD.equals(head.method());
        var response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(answer.status()),
                headOnly ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(answer.body()));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, answer.contentType());
        response.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, answer.body().length);
        response.headers().set(HttpHeaderNames.DATE,
                DateTimeFormatter.RFC_1123_DATE_TIME.format(server.clock().instant().atOffset(ZoneOffset.UTC)));
        response.headers().set("x-content-type-options", "nosniff");
        answer.headers().forEach(response.headers()::set);
        if (!keepAlive) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (head != null && HttpVersion.HTTP_1_0.equals(head.protocolVersion())) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
        return response;
    }

    private static int statusOf(Throwable failure) {
        return switch (failure) {
            case TooLongHttpLineException line -> URI_TOO_LONG;
            case TooLongHttpHeaderException header -> HEADERS_TOO_LARGE;
            default -> BAD_REQUEST;
        };
    }

    private void startClock(ChannelHandlerContext ctx, long millis, Runnable then) {
        stopClock();
        deadline = ctx.executor().schedule(then, millis, TimeUnit.MILLISECONDS);
    }

    private void stopClock() {
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }
}
