package dev.cistern.samples.spring;

import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.cache.annotation.EnableCaching;
import org.springframework.context.annotation.Bean;

/** Asks for some prices, twice, and says how long it took. */
@SpringBootApplication
@EnableCaching
public class ShopApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(ShopApplication.class, arguments).close();
    }

    @Bean
    ApplicationRunner customer(Prices prices) {
        return arguments -> {
            for (String product : new String[]{"lamp", "chair", "lamp", "chair"}) {
                long startNanos = System.nanoTime();
                Prices.Price price = prices.of(product);
                System.out.printf("%s: %s in %.1f ms%n", product, price, (System.nanoTime() - startNanos) / 1e6);
            }
        };
    }
}
